"""Looking for secrets where they must not be: in what commands print, and in files that others are given.

A seed is looked for as bytes, in hex, in base64 and as a list of numbers; weights, gradient rows and σ̂ as the bytes of
neighbours in the types that they are kept in, and as neighbours among the numbers of a text. Single weights are small numbers
and stand everywhere by chance.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reference_prover.chunk_blinding import gradients, theta
from zkapex_jax.presets import get_preset
from zkapex_jax.protocol import ClientSecret, Update, chunk_name

#: Neighbours in a text that count as a find: weights and σ̂ are numbers of several digits, gradients and the bytes of seeds are small.
RUN, SMALL_RUN = 4, 12
BYTES = 16
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass
class Secrets:
    """`strings`: byte strings that must occur nowhere; `windows`: BYTES bytes of neighbours; `runs`: so many numbers in a row."""

    strings: dict[bytes, str] = field(default_factory=dict)
    windows: dict[bytes, str] = field(default_factory=dict)
    runs: dict[tuple[float, ...], str] = field(default_factory=dict)

    def add_seed(self, name: str, seed: bytes) -> None:
        forms = (seed, seed[::-1], seed.hex().encode(), seed.hex().upper().encode(), base64.b64encode(seed).rstrip(b"="), base64.urlsafe_b64encode(seed).rstrip(b"="))
        self.strings |= dict.fromkeys(forms, name)
        self._add_run(name, list(seed)[:SMALL_RUN])

    def add_cells(self, name: str, cells: Iterable[int]) -> None:
        """Blinding cells: 32 bytes either way round, and in decimal."""
        for cell in cells:
            self.strings |= dict.fromkeys((cell.to_bytes(32, "little"), cell.to_bytes(32, "big"), str(cell).encode()), name)

    def add_values(self, name: str, values: np.ndarray, *types: str) -> None:
        """Integers in a row, as they stand and as floats of the same model (a weight is an integer times 2^-16)."""
        for kind in types:
            data = np.ldexp(values.astype(np.float64), -16).astype(kind) if kind.startswith("<f") else values.astype(kind)
            size = max(RUN, BYTES // data.itemsize)
            for start in range(0, len(values) - size + 1, size):
                part = values[start : start + size]
                if len(set(part.tolist())) > 2:  # zeros and ones stand everywhere
                    self.windows[data[start : start + size].tobytes()[:BYTES]] = name
        run = SMALL_RUN if "<i1" in types else RUN
        for start in range(0, len(values) - run + 1, run):
            self._add_run(name, values[start : start + run].tolist())

    def _add_run(self, name: str, values: list[int]) -> None:
        if len(set(values)) > 2:
            self.runs[tuple(map(float, values))] = name

    def in_text(self, text: str) -> list[str]:
        found = self._strings_in(text.encode("utf-8", "replace"))
        numbers = [float(one) for one in _NUMBER.findall(text)]
        for size in {len(run) for run in self.runs}:
            found += [self.runs[span] for span in zip(*(numbers[i:] for i in range(size))) if span in self.runs]
        return found

    def in_bytes(self, data: bytes) -> list[str]:
        found = self._strings_in(data) + [self.windows[part] for part in _parts(data, BYTES) if part in self.windows]
        return found + (self.in_text(data.decode("utf-8")) if _is_text(data) else [])


    def _strings_in(self, data: bytes) -> list[str]:
        return [self.strings[part] for size in {len(one) for one in self.strings} for part in _parts(data, size) if part in self.strings]


def _parts(data: bytes, size: int) -> Iterator[bytes]:
    """Every run of so many bytes, wherever it begins."""
    return (data[i : i + size] for i in range(len(data) - size + 1))


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def of_client(folder: Path, name: str) -> Secrets:
    """Everything that a client's folder keeps to itself: seeds and the cells that they make, weights before and after, rows, σ̂."""
    found, sizes = Secrets(), get_preset("toy")
    for file in sorted(folder.rglob("secret.safetensors")):
        secret = ClientSecret.from_file(file)
        shared = secret.tensor("gradient_seed").tobytes()
        found.add_seed(f"{name}: seed of the rows", shared)
        for chunk in range(len(secret.layout.chunks)):
            seed = secret.tensor("theta_seeds")[chunk].tobytes()
            found.add_seed(f"{name}: seed of chunk {chunk}", seed)
            found.add_cells(f"{name}: blinding of chunk {chunk}", _cells(theta(seed, chunk, sizes.lanes, sizes.blinding_rows)))
            for rows in gradients(shared, chunk, sizes.client_rows, sizes.lanes, sizes.blinding_rows):
                found.add_cells(f"{name}: blinding of rows of chunk {chunk}", _cells(rows))
            for row in secret.tensor(chunk_name("gradients", chunk)):
                found.add_values(f"{name}: gradients of chunk {chunk}", row, "<i1", "<i4")
        found.add_values(f"{name}: weights", secret.tensor("theta"), "<i4", "<i8", "<f4")
    for file in sorted(folder.rglob("update.safetensors")):
        update = Update.from_file(file)
        found.add_values(f"{name}: new weights", update.tensor("theta_u"), "<i4", "<i8", "<f4")
        for tensor in update.container.specs:
            if tensor.startswith("sigma"):
                found.add_values(f"{name}: sigma", update.tensor(tensor), "<i8")
    for file in sorted(folder.rglob("chunk-*.seed")):
        seed, chunk = bytes.fromhex(json.loads(file.read_text())["seed"]), int(file.stem[-5:])
        found.add_seed(f"{name}: seed of new weights", seed)
        found.add_cells(f"{name}: blinding of new weights", _cells(theta(seed, chunk, sizes.lanes, sizes.blinding_rows)))
    return found


def _cells(columns: list[list[int]]) -> Iterator[int]:
    return (cell for column in columns for cell in column)
