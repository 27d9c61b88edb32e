"""Verdicts of both programs as classes of error. What does not depend on a cheat (reference string, keys) is computed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from adversary_bench import Bench
from interop_files import Case, Judgement

from reference_prover import bundle
from reference_prover.curve import curve
from reference_prover.plonk import VerifyingKey

ACCEPTED = "accepted"


def error_class(judgement: Judgement) -> str:
    """accepted, refused (a proof or a policy) or input (a file)."""
    if judgement[0] != "chunks":
        return judgement[0]
    return ACCEPTED if all(judgement[1:]) else "refused"


def by_python(bench: Bench, case: Case) -> Judgement:
    with remembered(bench):
        return case.python(curve())[0]


def by_rust(case: Case) -> Judgement:
    return case.rust()[0]


@contextmanager
def remembered(bench: Bench) -> Iterator[None]:
    """The bench's own reference string and its keys are not read again: seconds of a subgroup check in plain Python."""
    read, own = bundle.reference_strings.read, bench.path("srs")
    with (
        patch.object(bundle.reference_strings, "read", lambda path, backend: _srs(bench) if path == own else read(path, backend)),
        patch.object(bundle.VerifyingKey, "of", staticmethod(lambda tables, srs, backend: _key(tables.digest, srs.digest, bench) or _of(tables, srs, backend))),
    ):
        yield


_of = VerifyingKey.of


@cache
def _srs(bench: Bench):
    return bench.srs


def _key(tables: bytes, srs: bytes, bench: Bench) -> VerifyingKey | None:
    known = {one.verifying.circuit.tables.digest: one.verifying for one in (bench.key, bench.enrol_key)}
    return known.get(tables) if srs == bench.srs.digest else None
