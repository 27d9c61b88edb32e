"""What is measured on a folder of images: which parts of it, and how a checkpoint is tuned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.lab.config import Config, digest_of
from experiments.lab.data.image_folder import ImageFolder, scan
from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.models.configs import CONFIG_FILE
from zkapex_jax.models.weight_files import find_weights
from zkapex_jax.tasks.training import Schedule

_BLOCK = 2**20


@dataclass(frozen=True)
class Counts:
    """Images of each class: the provider's for requests and for tests, the client's for training and for tests."""

    base_train: int = 32
    base_test: int = 8
    personal_train: int = 20
    personal_test: int = 20

    def __post_init__(self) -> None:
        for field, value in vars(self).items():
            if type(value) is not int or value < 1:
                raise InputError("must be a positive integer", code="study", field=field, value=value)


@dataclass(frozen=True)
class ImagesConfig(Config):
    """Folders in the ImageFolder layout, a ViT checkpoint trained on the first, and the classes to forget.

    `classes` of the retained classes that both folders have are measured, the first ones by name. `pattern` names one layer of
    ViT-B/16 by default: n = 64 gradient rows of it take 0.6 GB.

    Raises:
        InputError: no class is to be forgotten, or a number is out of range.
    """

    data: str = ""
    personal: str = ""
    checkpoint: str = ""
    forget: tuple[str, ...] = ()
    classes: int = 45
    counts: Counts = Counts()
    tuning: Schedule = Schedule(epochs=3, batch=16, learning_rate=2e-5)
    pattern: str = "vit/encoder/layer/11/intermediate/dense/kernel"
    sparsity: float = 0.1
    preset: str = "ceremony-4096"
    masks: tuple[str, ...] = ("second-order", "fisher-ratio", "magnitude", "random")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.forget or len(set(self.forget)) != len(self.forget):
            raise InputError("must name the classes to forget, each once", code="study", field="forget", value=self.forget,
                             hint="for example --forget n01440764 n02102040")  # fmt: skip
        if type(self.classes) is not int or self.classes < 1:
            raise InputError("must be a positive integer", code="study", field="classes", value=self.classes)

    def constants(self) -> Mapping[str, Any]:
        """What the folders hold, by names and sizes of files, and the checkpoint's bytes; where they lie does not matter."""
        checkpoint = Path(self.checkpoint)
        return {"data": listing(scan(self.data)), "personal": listing(scan(self.personal)),
                "checkpoint": [_digest(checkpoint / CONFIG_FILE), *map(_digest, find_weights(checkpoint).files)]}  # fmt: skip

    def digest(self) -> str:
        """As every study's, but that folders count by what they hold."""
        own = {name: value for name, value in vars(self).items() if name not in ("seeds", "data", "personal", "checkpoint")}
        return digest_of({"config": own, "constants": dict(self.constants())})


def listing(folder: ImageFolder) -> str:
    """SHA-256 over the classes, and names and sizes of their files."""
    digest = hashlib.sha256()
    for name, files in zip(folder.classes, folder.files, strict=True):
        for path in files:
            with storage_errors(path):
                digest.update(f"{len(name)} {name} {len(path.name)} {path.name} {path.stat().st_size}\n".encode())
    return digest.hexdigest()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with storage_errors(path), open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
