"""The public numbers of an audited case, read from its files: limits, distances, errors, margins, gates."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from zkapex_jax.bounds import bounds_sheet
from zkapex_jax.circuit import build
from zkapex_jax.circuit.expression import degree
from zkapex_jax.circuit.hardness import assumptions, security_level
from zkapex_jax.circuit.inner_error import inner_error, inner_error_terms
from zkapex_jax.circuit.soundness import JOINT_BITS, JOINT_CHUNKS, error_bits, error_terms, joint_error, total_error
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import Enrolment, chunk_name
from zkapex_jax.prover import check_srs
from zkapex_jax.report.audit.facts import Answer, AnsweredChunk, Enrolled, EnrolledChunk, ErrorTerm, Facts, Gate, Hardness, Margin, Sizes, Soundness
from zkapex_jax.witness.certificate import certified_distance, certified_gap
from zkapex_jax.witness.exact import sum_of_squares
from zkapex_jax.witness.rules import rules
from zkapex_jax.workflow.audit.files import AuditCase, BundleCase, ProofCase
from zkapex_jax.workflow.toolchain import Toolchain


def facts_of(tool: Toolchain, case: AuditCase) -> Facts:
    """Everything public that the page names; the files were parsed, the proofs not yet judged."""
    enrolment, sizes = case.enrolment, tool.preset
    relations = (["enrol"] if case.proof else []) + (["fold_kkt"] if case.bundle else [])
    signer = case.bundle.request.signer if case.bundle else case.proof.base.signer if case.proof else case.keys[0]
    return Facts(
        kind="bundle" if case.bundle else "enrolment",
        client_id=enrolment.client_id,
        model=enrolment.model.name,
        architecture=enrolment.model.architecture,
        pattern=enrolment.layout.target.pattern,
        weights=enrolment.layout.weights,
        insecure=tool.insecure or (case.bundle.bundle.insecure if case.bundle else False),
        signer=signer,
        key_from=case.key_from,
        sizes=_sizes(sizes),
        answer=answer_of(case.enrolment, case.bundle) if case.bundle else None,
        enrolled=_enrolled(case, case.proof) if case.proof else None,
        soundness=_soundness(sizes, relations, case),
        margins=[_largest(sizes, relation) for relation in relations],
        gates=[gate for relation in relations for gate in _gates(sizes, relation)],
        digests=_digests(tool, case),
        srs_source=check_srs(tool.prover, tool.srs, sizes.k).source,
    )


def _sizes(preset: Preset) -> Sizes:
    return Sizes(
        preset=preset.name, k=preset.k, lanes=preset.lanes, capacity=preset.capacity, client_rows=preset.client_rows,
        forget_rows=preset.forget_rows, projections=preset.projections, window_bits=preset.window_bits, range_bits=preset.range_bits,
        blinding_rows=preset.blinding_rows,
    )  # fmt: skip


def answer_of(enrolment: Enrolment, given: BundleCase) -> Answer:
    """What a bundle answers, chunk by chunk: its limits and certified distances follow from public headers and masks."""
    now, before = given.request.mask(), given.state.cumulative()
    return Answer(
        request_id=given.request.request_id,
        forget=given.request.forget,
        position=given.state.position,
        chunks=[_answered(enrolment, given, chunk, now, before) for chunk in given.request.touched],
    )


def _answered(enrolment: Enrolment, given: BundleCase, chunk: int, now: np.ndarray, before: np.ndarray) -> AnsweredChunk:
    place, gamma = slice(*enrolment.layout.bounds(chunk)), enrolment.gamma[chunk]
    weights = enrolment.layout.chunks[chunk]
    t1, t2 = rules(gamma, weights, enrolment.preset_sizes.rows)
    return AnsweredChunk(
        chunk=chunk, weights=weights, masked=int((now | before)[place].sum()), masked_now=int(now[place].sum()), gamma=gamma, t1=t1, t2=t2,
        d=given.request.budget_of(chunk), certified_distance=certified_distance(t1, t2, gamma), gap=certified_gap(t1, t2, gamma),
        bytes=len(given.bundle.tensor(chunk_name("proof", chunk))),
    )  # fmt: skip


def _enrolled(case: AuditCase, given: ProofCase) -> Enrolled:
    weights = case.enrolment.layout.weights
    forgotten = given.replaced.cumulative() if given.replaced else np.zeros(weights, bool)
    theta0 = np.where(forgotten, 0, given.base.theta0().astype(np.int64))
    return Enrolled(
        renews=given.proof.renews,
        chunks=[_enrolled_chunk(case, given, chunk, theta0, forgotten) for chunk in given.proof.chunks],
    )


def _enrolled_chunk(case: AuditCase, given: ProofCase, chunk: int, theta0: np.ndarray, forgotten: np.ndarray) -> EnrolledChunk:
    layout = case.enrolment.layout
    place = slice(*layout.bounds(chunk))
    return EnrolledChunk(
        chunk=chunk, weights=layout.chunks[chunk], forgotten=int(forgotten[place].sum()), gamma=case.enrolment.gamma[chunk],
        d0=given.base.distance[chunk], base_energy=sum_of_squares(theta0[place]),
        bytes=len(given.proof.tensor(chunk_name("proof", chunk))),
    )  # fmt: skip


def _soundness(sizes: Preset, relations: list[str], case: AuditCase) -> Soundness:
    """Union over the challenges of rounds and of Halo2, over the chunks of each proof that is audited, and over joint checks."""
    counts = {"enrol": len(case.proof.proof.chunks) if case.proof else 0, "fold_kkt": len(case.bundle.bundle.chunks) if case.bundle else 0}
    circuits = {relation: build(relation, sizes) for relation in relations}
    chunk = {relation: total_error(sizes, relation) + inner_error(circuit) for relation, circuit in circuits.items()}
    whole = sum((counts[relation] * error + joint_error(counts[relation]) for relation, error in chunk.items()), Fraction(0))
    held = assumptions(sizes)
    level, weakest = security_level(whole, held)
    terms = [
        ErrorTerm(relation=relation, layer=layer, challenge=term.challenge, event=term.event, formula=term.formula, bits=term.bits)
        for relation, circuit in circuits.items()
        for layer, found in (("rounds", error_terms(sizes, relation)), ("Halo2", inner_error_terms(circuit)))
        for term in found
    ]
    terms += [_joint(relation) for relation in circuits if joint_error(counts[relation])]
    bits = {relation: max(0, error_bits(error)) for relation, error in chunk.items()}
    return Soundness(
        terms=terms, chunk_bits=bits, all_bits=max(0, error_bits(whole)), level=level, weakest=weakest,
        assumptions=[Hardness(name=one.name, gains=one.gains, estimate=one.estimate, bits=one.bits) for one in held],
    )  # fmt: skip


def _joint(relation: str) -> ErrorTerm:
    return ErrorTerm(
        relation=relation, layer="verifier", challenge="coefficients", formula=f"2^−{JOINT_BITS}", bits=JOINT_BITS,
        event=f"an opening is false, yet those of {JOINT_CHUNKS} chunks hold together; Rust alone, in each run",
    )  # fmt: skip


def _largest(sizes: Preset, relation: str) -> Margin:
    """The integer of a relation that comes nearest to p/2. Limits that are only parsed are bounded by their slacks as well."""
    derived = [bound for bound in bounds_sheet(sizes) if bound.relation == relation and "parsed" not in bound.source]
    bound = max(derived, key=lambda bound: bound.limit)
    return Margin(relation=relation, quantity=bound.quantity, bits=bound.bits, margin=bound.margin_bits)


def _gates(sizes: Preset, relation: str) -> list[Gate]:
    return [
        Gate(id=gate.id, relation=relation, polynomials=len(gate.polys), degree=max(map(degree, gate.polys)))
        for gate in build(relation, sizes).gates
    ]


def _digests(tool: Toolchain, case: AuditCase) -> dict[str, str]:
    found = {"enrolment": case.enrolment.digest}
    if case.proof:
        found |= {"enrolment proof": case.proof.proof.digest, "base": case.proof.base.digest}
        found |= {"replaced state": case.proof.replaced.digest} if case.proof.replaced else {}
        found |= {"tables of enrolments": tool.enrol_tables_digest}
    if case.bundle:
        found |= {"request": case.bundle.request.digest, "state": case.bundle.state.digest, "bundle": case.bundle.bundle.digest}
        found |= {"tables of requests": tool.tables_digest}
    return found | {"reference string": tool.srs_digest}
