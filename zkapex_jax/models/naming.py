"""Names of tensors in weight files, and the axes that they are stored with.

PyTorch stores linear weights as [out, in] and convolutions as [out, in, height, width]; Flax calls them kernels and
stores [in, out] and [height, width, in, out]. PyTorch calls layer norm scales and embeddings `weight` too.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError


def find_flax(path: str, present: Container[str], prefix: str, file: Path) -> str:
    """Name of a Flax path in a Flax file; `prefix` is the base model's name, which some files leave out.

    Raises:
        InputError: the file lacks it.
    """
    return _find(path, [path], present, prefix + "/", file)


def find_dotted(path: str, present: Container[str], prefix: str, file: Path) -> str:
    """Name of a Flax path in a safetensors file: Flax's with dots, or PyTorch's. Raises InputError if the file lacks it."""
    dotted = path.replace("/", ".")
    return _find(path, [dotted, _torch_name(dotted)], present, prefix + ".", file)


def is_turned(path: str, name: str) -> bool:
    """Whether the file stores the axes of this tensor as PyTorch does."""
    return path.endswith("/kernel") and name.endswith(".weight")


def from_torch(stored: np.ndarray) -> np.ndarray:
    """Axes as Flax has them."""
    return stored.transpose(2, 3, 1, 0) if stored.ndim == 4 else stored.T


def to_torch(kernel: np.ndarray) -> np.ndarray:
    """Axes as PyTorch has them: the inverse of `from_torch`."""
    return kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T


def _find(path: str, names: list[str], present: Container[str], prefix: str, file: Path) -> str:
    for name in [*names, *(name.removeprefix(prefix) for name in names)]:
        if name in present:
            return name
    raise InputError("the checkpoint lacks this tensor", code="missing_tensor", file=file, field=path)


def _torch_name(dotted: str) -> str:
    head, _, kind = dotted.rpartition(".")
    return f"{head}.weight" if kind in {"kernel", "scale", "embedding"} else dotted
