"""A checkpoint folder written anew with other target weights: same format, names, types and shards; its own sidecar files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import PUBLIC_MODE, SECRET_MODE, atomic_file, make_directory, refuse_existing, storage_errors
from zkapex_jax.formats.reading import open_input
from zkapex_jax.models.checkpoint import described_model, shapes_of
from zkapex_jax.models.configs import CONFIG_FILE, read_config
from zkapex_jax.models.rewriting import Rewritten
from zkapex_jax.models.rewriting_flax import rewrite_flax
from zkapex_jax.models.rewriting_safetensors import rewrite_safetensors
from zkapex_jax.models.weight_files import WEIGHT_PATTERNS, WeightFiles, find_weights

CARD_FILE = "README.md"
MAX_SIDECAR_BYTES = 2**26

#: What goes along with a model and holds none of its weights. Other files are left behind.
SIDECARS = (CARD_FILE, "LICENSE", "LICENSE.txt", "generation_config.json", "preprocessor_config.json", "processor_config.json",
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt",
            "merges.txt", "chat_template.jinja")  # fmt: skip


def check_target(source: Path, folder: Path, *, force: bool = False) -> WeightFiles:
    """The source's weight files, if `rewrite_checkpoint` may write into `folder`: commands ask before long work.

    Raises:
        InputError: it is the source itself. StorageError: a file exists and `force` is not given, or weights that would not
            be replaced lie there: they would be old ones beside the new.
    """
    files = find_weights(source)
    if folder.exists() and os.path.samefile(source, folder):
        raise InputError("is the folder that the model comes from", code="same_folder", file=folder, hint="choose another one")
    written = [CONFIG_FILE, *(path.name for path in files.files), *(path.name for path in _sidecars(source))]
    for name in written:
        refuse_existing(folder / name, force=force)
    strange = sorted({path.name for pattern in WEIGHT_PATTERNS for path in folder.glob(pattern)} - set(written))
    if strange:
        raise StorageError("other weights lie here already, and would stay beside the new ones", code="exists",
                           file=folder / strange[0], hint="choose another folder")  # fmt: skip
    return files


def rewrite_checkpoint(source: str | os.PathLike[str], folder: str | os.PathLike[str], targets: Mapping[str, np.ndarray], *,
                       private: bool = False, force: bool = False) -> Rewritten:  # fmt: skip
    """Write the checkpoint of `source` to `folder` with the tensors of `targets` (by Flax path, Flax's axes) in place.

    Weight files keep their names, shards, metadata and types, byte for byte but for the targets (and copies of these);
    `config.json` and the `SIDECARS` come along, other files do not. A private model's files get mode 0600. `config.json` is
    written last: a run that was interrupted leaves nothing that loads.

    Raises:
        InputError: the checkpoint is malformed or lacks a target, or its type cannot hold a weight; or as `check_target`.
        StorageError: as `check_target`, or the system refuses.
    """
    source, folder, mode = Path(source), Path(folder), SECRET_MODE if private else PUBLIC_MODE
    kind, config = read_config(source)
    files = check_target(source, folder, force=force)
    make_directory(folder)
    shapes = shapes_of(described_model(source, kind, config))
    for path, tensor in targets.items():
        if shapes.get(path) != np.shape(tensor):
            raise InputError(f"must be a tensor of the model, of shape {shapes.get(path)}", code="shape", field=path, value=np.shape(tensor))
    rewrite = rewrite_flax if files.kind == "flax" else rewrite_safetensors
    written = rewrite(files, folder, targets, shapes, kind.network_class.base_model_prefix, mode, force)
    others = [*([files.index] if files.index else []), *_sidecars(source), source / CONFIG_FILE]
    for other in others:
        with open_input(other) as file, atomic_file(folder / other.name, force=force, mode=mode) as out:
            shutil.copyfileobj(file, out, 1 << 20)
    return written


def _sidecars(source: Path) -> list[Path]:
    found = [source / name for name in SIDECARS if (source / name).is_file()]
    for path in found:
        with storage_errors(path):
            size = path.stat().st_size
        if size > MAX_SIDECAR_BYTES:
            raise InputError(f"file is longer than {MAX_SIDECAR_BYTES} bytes", code="too_large", file=path, value=size)
    return found
