"""What `inspect` says of a file: detected by content, parsed and checked by the reader of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zkapex_jax.circuit import parse as parse_tables
from zkapex_jax.cli.output import human_bytes
from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.container import open_container
from zkapex_jax.formats.reading import open_input, read_bytes
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import (
    KINDS,
    Base,
    Bundle,
    ClientSecret,
    Enrolment,
    EnrolmentProof,
    ReferenceString,
    Request,
    State,
    Update,
    check_signature,
)
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipts import RECEIPTS
from zkapex_jax.protocol.statement import Statement
from zkapex_jax.workflow import ClientFolder, ledger_place, openings_left
from zkapex_jax.workflow.openings import OPENINGS_A_PROOF

_MAX_TABLES = 64 << 20


@dataclass(frozen=True)
class Facts:
    """Kind, digest, whether it is secret, and named facts in the order to show them."""

    kind: str
    digest: str | None
    secret: bool = False
    lines: dict[str, Any] = field(default_factory=dict)


def facts_of(path: Path) -> Facts:
    """Read and check any of the project's files. Raises InputError if it is none of them, or damaged."""
    if path.is_dir():
        return _folder(path)
    with open_input(path) as file:
        start = file.read(16)
    if start.startswith(b"SQLite format 3\0"):
        return _ledger(path)
    if start[:1] == b"{":
        return _statement(path) or _tables(path)
    return _artefact(path)


def _folder(folder: Path) -> Facts:
    if any((folder / name).is_file() for name in (ledger_place.FILE, ledger_place.URL)):
        return _ledger(ledger_place.ledger_place(folder))
    if not ClientFolder(folder).enrolment.is_file():
        raise InputError("is neither a provider's nor a client's folder", code="wrong_kind", file=folder)
    facts = facts_of(ClientFolder(folder).enrolment)
    return replace(facts, lines=facts.lines | _openings(folder))


def _openings(folder: Path) -> dict[str, Any]:
    """The chunk that is nearest to the end of its blinding, and the whole list."""
    left = openings_left(folder)
    return {
        "openings_limit": max((budget.limit for budget in left.values()), default=0),
        "openings_left": min((min(budget.weights, budget.rows) for budget in left.values()), default=0),
        "proofs_left": min((min(budget.weights, budget.rows) // OPENINGS_A_PROOF for budget in left.values()), default=0),
        "openings_left_by_chunk": [f"{chunk}: weights {budget.weights}, rows {budget.rows}" for chunk, budget in left.items()],
        "renewal_waiting": ClientFolder(folder).renewal.enrolment.is_file(),
    }  # fmt: skip


def _statement(path: Path) -> Facts | None:
    """A receipt or a published head, whose signature holds for the key that it names; None for other JSON."""
    data = read_bytes(path, max_bytes=_MAX_TABLES)
    kinds: tuple[type[Statement], ...] = (*RECEIPTS, LedgerHead)
    found = next((kind for kind in kinds if f'"format":"zkapex.{kind.kind}"'.encode() in data), None)
    if found is None:
        return None
    statement = found.from_bytes(data, path)
    statement.check_signature(statement.provider, path)
    fields = statement.model_dump(exclude={"signature"})
    nested = {f"{name} {part}": value for name, group in fields.items() if isinstance(group, dict) for part, value in group.items()}
    plain = {name: value for name, value in fields.items() if not isinstance(value, dict)}
    return Facts(found.kind, canonical.digest(data), False, plain | nested)


def _ledger(path: Path | str) -> Facts:
    ledger = Ledger.open(path)
    verdicts = ledger.verdicts()
    accepted = sum(verdict.accepted for verdict in verdicts)
    return Facts("ledger", None, False, {
        "provider_keys": list(ledger.keys()), "clients": [e.client_id for e in ledger.enrolments() if not e.replaced],
        "enrolments": len(ledger.enrolments()), "requests": [r.request_id for r in ledger.requests()],
        "accepted": accepted, "refused": len(verdicts) - accepted, "events": ledger.check(),
    })  # fmt: skip


def _tables(path: Path) -> Facts:
    data = read_bytes(path, max_bytes=_MAX_TABLES)
    try:
        circuit = parse_tables(data)
    except InputError as error:
        raise error.in_file(path) from error
    gates = {gate.id: len(gate.polys) for gate in circuit.gates}
    return Facts("tables", canonical.digest(data), False, {
        "relation": circuit.relation, "rows": f"2^{circuit.k}", "preset": circuit.layout["preset"], "insecure": circuit.layout["insecure"],
        "columns": len(circuit.advice) + len(circuit.fixed) + len(circuit.instance),
        "gates": [f"{name} ({count})" for name, count in gates.items()], "degree": circuit.degree,
    })  # fmt: skip


def _artefact(path: Path) -> Facts:
    kind = KINDS.get(open_container(path).kind)
    if kind is None:
        raise InputError("is an artefact of a kind that this version does not know", code="wrong_kind", file=path)
    artefact = kind.from_file(path)
    describe = _DESCRIBE.get(kind, lambda _: {})
    size = {
        "size": human_bytes(path.stat().st_size),
        "tensors": [f"{name} {spec}" for name, spec in artefact.container.specs.items()],
    }
    return Facts(kind.kind, artefact.digest, kind.is_secret, describe(artefact) | size)


def _enrolment(enrolment: Enrolment) -> dict[str, Any]:
    return {
        "client": enrolment.client_id, "model": f"{enrolment.model.name} ({enrolment.model.architecture})",
        "base_digest": enrolment.model.base_digest, **_sizes(enrolment), "gamma": list(enrolment.gamma),
        "nonce": enrolment.nonce, "srs_digest": enrolment.srs_digest, "srs_insecure": enrolment.srs_insecure, "tables_digest": enrolment.tables_digest, "created": enrolment.created,
    }  # fmt: skip


def _base(base: Base) -> dict[str, Any]:
    check_signature(base, base.signer)
    return {
        "model": f"{base.model.name} ({base.model.architecture})", "weights_digest": base.model.base_digest, **_sizes(base),
        "distance": list(base.distance), "signer": base.signer, "signature": "valid for the signer named here", "srs_digest": base.srs_digest,
        "srs_insecure": base.srs_insecure, "tables_digest": base.tables_digest, "enrol_tables_digest": base.enrol_tables_digest, "created": base.created,
    }  # fmt: skip


def _enrolment_proof(proof: EnrolmentProof) -> dict[str, Any]:
    return {
        "client": proof.client_id, "preset": proof.preset, "insecure": proof.insecure, "chunks": len(proof.chunks),
        "renews": proof.renews, "enrolment_digest": proof.enrolment_digest, "base_digest": proof.base_digest, "state_digest": proof.state_digest,
        "srs_digest": proof.srs_digest, "enrol_tables_digest": proof.enrol_tables_digest, "verified": "not by this command: use `zkapex verify-enrolment`",
    }  # fmt: skip


def _secret(secret: ClientSecret) -> dict[str, Any]:
    return {"client": secret.client_id, **_sizes(secret), "enrolment_digest": secret.enrolment_digest}


def _request(request: Request) -> dict[str, Any]:
    check_signature(request, request.signer)
    return {
        "request": request.request_id, "forget": request.forget, "model": f"{request.model.name} ({request.model.architecture})",
        **_sizes(request), "masked": int(request.mask().sum()), "touched": list(request.touched), "touched_weights": request.touched_weights,
        "budget": list(request.budget), "rules": [f"T1 = {request.rules.t1}", f"T2 = {request.rules.t2}"], "nonce": request.nonce,
        "signer": request.signer, "signature": "valid for the signer named here", "srs_insecure": request.srs_insecure, "created": request.created,
    }  # fmt: skip


def _state(state: State) -> dict[str, Any]:
    return {
        "client": state.client_id, "position": state.position, "head": state.head, "enrolment_digest": state.enrolment_digest,
        "weights": state.layout.weights, "forgotten": int(state.cumulative().sum()),
        "forgotten_by_tensor": [f"{path}: {count}" for path, count in state.forgotten_by_tensor().items()],
    }  # fmt: skip


def _update(update: Update) -> dict[str, Any]:
    return {
        "client": update.client_id, "weights": update.weights, "chunks": list(update.chunks), "request_digest": update.request_digest,
        "enrolment_digest": update.enrolment_digest, "state_digest": update.state_digest,
    }  # fmt: skip


def _bundle(bundle: Bundle) -> dict[str, Any]:
    return {
        "client": bundle.client_id, "preset": bundle.preset, "insecure": bundle.insecure, "chunks": list(bundle.chunks),
        "request_digest": bundle.request_digest, "enrolment_digest": bundle.enrolment_digest, "state_digest": bundle.state_digest,
        "srs_digest": bundle.srs_digest, "tables_digest": bundle.tables_digest, "verified": "not by this command: use `zkapex verify`",
    }  # fmt: skip


def _srs(srs: ReferenceString) -> dict[str, Any]:
    return {"powers": f"2^{srs.k}", "source": srs.source, "insecure": srs.insecure}


def _sizes(artefact: Base | Enrolment | ClientSecret | Request) -> dict[str, Any]:
    target, preset = artefact.layout.target, artefact.preset_sizes
    return {
        "preset": f"{preset.name}{' (insecure: for tests)' if preset.insecure else ''}", "target": target.pattern,
        "target_tensors": len(target.tensors), "weights": target.weights, "chunks": len(artefact.layout.chunks),
    }  # fmt: skip


_DESCRIBE: dict[type[Artefact], Callable[[Any], dict[str, Any]]] = {
    Base: _base, Enrolment: _enrolment, EnrolmentProof: _enrolment_proof, ClientSecret: _secret, Request: _request, State: _state, Update: _update, Bundle: _bundle, ReferenceString: _srs,
}  # fmt: skip
