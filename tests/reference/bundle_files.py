"""Artefacts taken apart, changed, and written again with digests and signatures that fit, as a cheating sender would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np

from bundle_world import World, sign
from reference_prover import containers
from zkapex_jax.formats.container_writer import write_container

SIGNED = ("request", "base")
#: kind -> the fields that name other files, by kind
LINKS = {
    "enrolment": {"base": "base_digest"},
    "request": {"base": "base_digest"},
    "state": {"enrolment": "enrolment_digest"},
    "bundle": {"enrolment": "enrolment_digest", "request": "request_digest", "state": "state_digest"},
    "enrolment-proof": {"enrolment": "enrolment_digest", "base": "base_digest"},
}


@dataclass
class Parts:
    """One file's header fields and tensors, to be changed in place."""

    fields: dict[str, Any]
    tensors: dict[str, np.ndarray]
    signed: bool


@dataclass
class Files:
    """The files of one verdict by kind. `change` edits some; `write` writes all to a folder, each naming the others anew."""

    parts: dict[str, Parts]
    relink: bool = True

    @classmethod
    def of(cls, world: World, names: dict[str, str]) -> "Files":
        parts = {}
        for kind, name in names.items():
            one = containers.read(world.path(name), kind)
            parts[kind] = Parts(dict(one.fields.values), {label: array.copy() for label, array in one.tensors.items()}, kind in SIGNED)
        return cls(parts)

    def changed(self, change: Callable[["Files"], None]) -> "Files":
        change(self)
        return self

    def write(self, folder: Path) -> dict[str, Path]:
        """Base, enrolment, request, state, then what answers them."""
        digests: dict[str, str] = {}
        paths = {kind: folder / f"{kind}.safetensors" for kind in self.parts}
        for kind in ("base", "enrolment", "request", "state", "bundle", "enrolment-proof"):
            if kind not in self.parts:
                continue
            one = self.parts[kind]
            if self.relink:
                for other, name in LINKS.get(kind, {}).items():
                    place = one.fields["model"] if other == "base" and "model" in one.fields else one.fields
                    if other in digests:
                        place[name] = digests[other]
            digests[kind] = write_container(paths[kind], kind, one.fields, one.tensors, sign=sign if one.signed else None, force=True)
        return paths

    def digest(self, kind: str, folder: Path) -> str:
        """The digest that a file has once it is written."""
        return containers.read(self.write(folder)[kind], kind).digest.hex()
