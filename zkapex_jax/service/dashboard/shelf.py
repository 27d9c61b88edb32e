"""What the provider's folder says of one step: files, the mask's place, the certificate. Read, never judged again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import Base, Bundle, ChunkedLayout, Enrolment, Request, State
from zkapex_jax.report.audit.facts import Answer
from zkapex_jax.service.dashboard.chunkmap import ChunkMap, chunk_map, masked_by_chunk
from zkapex_jax.service.dashboard.steps import Step
from zkapex_jax.workflow.audit.facts import answer_of
from zkapex_jax.workflow.audit.files import BundleCase
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.keeping.notes import note_file


@dataclass(frozen=True)
class File:
    """An artefact that a step names. `size` in bytes; None: its file is not in the folder."""

    title: str
    digest: str
    size: int | None


@dataclass(frozen=True)
class Forgotten:
    """A mask, by chunk and by tensor: (path, weights, masked) of those that hold masked weights."""

    map: ChunkMap
    tensors: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Terms:
    """What an enrolment was admitted on: (chunk, weights, γ̂, D₀), and what model it is of."""

    model: str
    architecture: str
    preset: str
    insecure: bool
    chunks: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Facts:
    """Everything of one step. What a missing or damaged file would have told is None, and `complaints` says so."""

    files: tuple[File, ...]
    so_far: Forgotten | None = None
    asked: Forgotten | None = None
    forget: str | None = None
    answer: Answer | None = None
    terms: Terms | None = None
    insecure: bool = False
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """The artefacts of a provider's folder, by digest."""

    provider: Provider

    @classmethod
    def of(cls, folder: Path, ledger: Ledger) -> Shelf:
        return cls(Provider(folder, ledger))

    def path(self, digest: str) -> Path:
        return self.provider.path / "artefacts" / f"{digest}.safetensors"

    def facts(self, step: Step) -> Facts:
        """Reads headers and masks, no commitments and no proofs of others. Raises nothing for a file that is gone."""
        missing: dict[str, list[str]] = {}
        parts: dict[str, Any] = {}
        for name, read in self._parts(step).items():
            try:
                parts[name] = read()
            except (InputError, StorageError) as error:
                missing.setdefault(error.message, []).append(name)
        asked, forget = parts.get("request", (None, None))
        bundle, terms = parts.get("bundle"), parts.get("enrolment")
        complaints = tuple(f"{', '.join(names)}: {message}" for message, names in missing.items())
        return Facts(
            files=self._files(step), so_far=parts.get("mask"), asked=asked, forget=forget, answer=parts.get("certificate"),
            terms=terms, insecure=bool((bundle and bundle.insecure) or (terms and terms.insecure)), complaints=complaints,
        )  # fmt: skip

    def _parts(self, step: Step) -> dict[str, Callable[[], Any]]:
        """What this step has to show, each with its reader, under the name that a complaint gives it."""
        verdict, state, record = step.verdict, step.state, step.enrolment
        readers: dict[str, Callable[[], Any]] = {}
        if state:
            readers["mask"] = lambda: _so_far(self, state.digest)
        if verdict is None:
            return readers | {"enrolment": lambda: _terms(self, record.digest, record.base_digest)}
        readers["request"] = lambda: _asked(self, verdict.request_digest)
        readers["bundle"] = lambda: self._bundle(verdict.bundle_digest)
        if verdict.accepted:
            readers["certificate"] = lambda: _answer(self, verdict.bundle_digest)
        return readers

    def _bundle(self, digest: str) -> Bundle:
        if not self.path(digest).exists() and note_file(self.provider, digest).is_file():
            raise InputError("kept no longer: it had its time as evidence, and its signed receipt stands for it", code="missing_file")
        return self.provider.load(Bundle, digest, verify=False)

    def _files(self, step: Step) -> tuple[File, ...]:
        named = [("State after it", step.state.digest)] if step.state else []
        if step.verdict:
            named += [("Bundle", step.verdict.bundle_digest), ("Request", step.verdict.request_digest), ("Enrolment", step.enrolment.digest)]
        else:
            named += [("Enrolment", step.enrolment.digest), ("Its proof", step.enrolment.proof_digest), ("Base model", step.enrolment.base_digest)]
        return tuple(File(title, digest, self._size(digest)) for title, digest in named)

    def _size(self, digest: str) -> int | None:
        try:
            return self.path(digest).stat().st_size
        except OSError:
            return None


# Artefacts are named by their digests and never change, so that what was read of one stays true.


@lru_cache(maxsize=64)
def _so_far(shelf: Shelf, digest: str) -> Forgotten:
    state = shelf.provider.load(State, digest, verify=False)
    return _forgotten(state.cumulative(), state.layout)


@lru_cache(maxsize=64)
def _asked(shelf: Shelf, digest: str) -> tuple[Forgotten, str]:
    request = shelf.provider.load(Request, digest, verify=False)
    return _forgotten(request.mask(), request.layout), request.forget


@lru_cache(maxsize=64)
def _answer(shelf: Shelf, digest: str) -> Answer:
    load = shelf.provider.load
    bundle = load(Bundle, digest, verify=False)
    case = BundleCase(bundle, load(Request, bundle.request_digest, verify=False), load(State, bundle.state_digest, verify=False))
    return answer_of(load(Enrolment, bundle.enrolment_digest, verify=False), case)


@lru_cache(maxsize=64)
def _terms(shelf: Shelf, digest: str, base_digest: str) -> Terms:
    enrolment, base = shelf.provider.load(Enrolment, digest, verify=False), shelf.provider.load(Base, base_digest, verify=False)
    chunks = zip(enrolment.layout.chunks, enrolment.gamma, base.distance, strict=True)
    rows = tuple((number, *chunk) for number, chunk in enumerate(chunks))
    return Terms(enrolment.model.name, enrolment.model.architecture, enrolment.preset, enrolment.srs_insecure, rows)


def _forgotten(mask: np.ndarray, layout: ChunkedLayout) -> Forgotten:
    starts = np.concatenate([[0], np.cumsum([int(np.prod(shape)) for _, shape in layout.target.tensors])])
    counts = np.add.reduceat(mask.view(np.uint8), starts[:-1], dtype=np.int64)
    tensors = [
        (path, int(end - start), int(count))
        for (path, _), start, end, count in zip(layout.target.tensors, starts, starts[1:], counts, strict=False)
        if count
    ]
    return Forgotten(chunk_map(masked_by_chunk(mask, layout), layout), tuple(sorted(tensors, key=lambda tensor: -tensor[2])))
