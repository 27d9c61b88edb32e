"""The verifiers of whole files: a bundle against request, enrolment and ledger state, and the proof of an enrolment.

    verify_bundle      relation fold_kkt   every chunk that the request touches
    verify_enrolment   relation enrol      every chunk of the enrolment

Checked here, with nothing taken from another program's caches: the form of every file (docs/formats.md) and the SHA-256 of every
tensor; that the files speak of one another (digests, client, layout, preset, tables, reference string); signatures of request and
base against the key that each names; commitments of public values (mask, forget rows, base weights) recomputed; every other
commitment of a judged chunk decoded strictly; then each chunk's message by `rounds.verify` or `enrolment.verify`.

Not checked here, because no file can show it: that the key is the provider's, that the state is the ledger's current one (its head
is not replayed), the order of events that the ledger keeps, and that a nonce serves once. Commitments of untouched chunks are not
decoded: the enrolment's own proof covers them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, TypeVar

from . import curve as curves
from . import srs as reference_strings
from . import tables as table_format
from .bundle_enrolment import EnrolmentSession
from .bundle_online import OnlineSession
from .curve import Curve
from .errors import ProofRefused, SpecError, SrsError
from .layout import Frame, of_enrolment_tables, of_tables
from .plonk import VerifyingKey
from .srs import Srs
from .tables import Tables
from .verdict import Progress, Verdict, judge

Read = TypeVar("Read")


def verify_bundle(
    tables: Path,
    srs: Path,
    enrolment: Path,
    request: Path,
    state: Path,
    bundle: Path,
    *,
    allow_insecure: bool = False,
    curve: Curve | str | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """The verdict on a bundle. `tables`: of relation fold_kkt. `curve`: a backend or its name, by default the fastest installed.

    Raises SpecError naming file and field where a file is malformed or is about other things than the files beside it, and
    ProofRefused where preset or reference string is marked insecure and `allow_insecure` is not given."""
    begun = time.perf_counter()
    parsed, string = _open(tables, srs, curve)
    layout = _in_file(tables, lambda: of_tables(parsed))
    insecure = _check_secure(layout, string, srs, allow_insecure)
    session = OnlineSession.open(parsed, string, layout, enrolment, request, state, bundle, insecure)
    session.key = _in_file(tables, lambda: VerifyingKey.of(parsed, string, string.curve))
    return judge(session.chunks, session.verify, insecure, begun, progress)


def verify_enrolment(
    tables: Path,
    srs: Path,
    base: Path,
    enrolment: Path,
    proof: Path,
    *,
    state: Path | None = None,
    allow_insecure: bool = False,
    curve: Curve | str | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """The verdict on the proof of an enrolment. `tables`: of relation enrol. `state`: for a re-enrolment, what the ledger holds.
    Raises as `verify_bundle`."""
    begun = time.perf_counter()
    parsed, string = _open(tables, srs, curve)
    layout = _in_file(tables, lambda: of_enrolment_tables(parsed))
    insecure = _check_secure(layout, string, srs, allow_insecure)
    session = EnrolmentSession.open(parsed, string, layout, base, enrolment, proof, state, insecure)
    session.key = _in_file(tables, lambda: VerifyingKey.of(parsed, string, string.curve))
    return judge(session.chunks, session.verify, insecure, begun, progress)


def _open(tables: Path, srs: Path, curve: Curve | str | None) -> tuple[Tables, Srs]:
    backend = curves.curve(curve) if curve is None or isinstance(curve, str) else curve
    parsed, string = table_format.read(tables), reference_strings.read(srs, backend)
    if string.k != parsed.k:
        raise SrsError(f"has 2^{string.k} powers but the tables need 2^{parsed.k}", field="k", value=string.k, file=str(srs))
    return parsed, string


def _check_secure(layout: Frame, string: Srs, srs: Path, allowed: bool) -> bool:
    """Whether what is verified convinces nobody. Raises ProofRefused if it does and that is not allowed."""
    insecure = layout.insecure or string.insecure
    if insecure and not allowed:
        message = "the preset or the reference string is marked insecure: proofs made with it convince nobody"
        raise ProofRefused(message, field="insecure", file=str(srs))
    return insecure


def _in_file(path: Path, read: Callable[[], Read]) -> Read:
    """What `read` gives; its error names the file."""
    try:
        return read()
    except SpecError as error:
        raise error.in_file(str(path))
