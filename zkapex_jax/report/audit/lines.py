"""What an audited proof says, line by line: words, formula, and the formula with this case's numbers in it."""

from __future__ import annotations

from zkapex_jax.report.audit.facts import AnsweredChunk, Answer, EnrolledChunk, Enrolled, Facts
from zkapex_jax.report.audit.numbers import UNIT, by_chunk, length, plural, power, share
from zkapex_jax.report.audit.places import PLACES
from zkapex_jax.report.audit.schema import Line


def lines(facts: Facts) -> list[Line]:
    """Everything that is proven if the verdict is `accepted`: of the bundle first, then of the enrolment that it rests on."""
    found = _answer_lines(facts, facts.answer) if facts.answer else []
    if facts.enrolled:
        found += _enrolment_lines(facts, facts.enrolled)
    return [*found, _integers(facts), _hidden(facts), _error(facts)]


def _line(key: str, words: str, formula: str, *numbers: str, gates: tuple[str, ...] | None = None) -> Line:
    places = PLACES[key]
    return Line(
        key=key, words=words, formula=formula, numbers=list(numbers), gates=list(places.gates if gates is None else gates),
        docs=list(places.docs), tests=list(places.tests),
    )  # fmt: skip


def _answer_lines(facts: Facts, answer: Answer) -> list[Line]:
    return [_masked(answer), _budget(answer), *_certificate(facts, answer), _distance(answer), _binding(facts, answer)]


def _masked(answer: Answer) -> Line:
    now = sum(chunk.masked_now for chunk in answer.chunks)
    return _line(
        "masked",
        "Every weight that this request names is exactly zero, and every weight that an earlier accepted request named.",
        "θu_i = 0 wherever f_i = 0,  f = f_cum·f_new",
        f"f = 0 on {answer.masked:,} of {answer.weights:,} weights: {now:,} named by this request, "
        f"{answer.masked - now:,} only by earlier ones",
    )


def _budget(answer: Answer) -> Line:
    def words(chunk: AnsweredChunk) -> str:
        return f"Σ f·δ² ≤ D = {chunk.d:,}, so the free weights moved by at most {length(chunk.d**0.5)} together"

    return _line(
        "budget",
        "The weights that stay moved by at most the budget D, which the provider signed with the request.",
        "Σ f·δ² ≤ D,  δ = θu − θp",
        *by_chunk(answer.chunks, lambda chunk: chunk.chunk, words),
    )


def _certificate(facts: Facts, answer: Answer) -> list[Line]:
    rows = facts.sizes.client_rows + facts.sizes.forget_rows

    def first(chunk: AnsweredChunk) -> str:
        return f"T1 = ⌊{chunk.gamma:,}²·{chunk.weights:,}/8⌋ = {chunk.t1:,}"

    def second(chunk: AnsweredChunk) -> str:
        return f"T2 = 32·{rows}·{chunk.gamma:,} = {chunk.t2:,}"

    return [
        _line(
            "stationary",
            "The change solves the equations of second-order compensation on the weights that stay, up to rounding: the first residual.",
            "Σ f·y² ≤ T1 = ⌊γ²d/8⌋,  y = γδ + Gᵀσ",
            *by_chunk(answer.chunks, lambda chunk: chunk.chunk, first),
        ),
        _line(
            "rounding",
            "The σ of that equation is Gδ, with the committed gradient rows G, up to rounding: the second residual.",
            "Σ e² ≤ T2 = 32·N·γ,  e_k = σ_k − ⟨G_k, δ⟩",
            *by_chunk(answer.chunks, lambda chunk: chunk.chunk, second),
        ),
    ]


def _distance(answer: Answer) -> Line:
    def words(chunk: AnsweredChunk) -> str:
        return (
            f"√{chunk.t1:,}/{chunk.gamma:,} + √{chunk.t2:,}/(2√{chunk.gamma:,}) = {length(chunk.certified_distance)}, "
            f"{chunk.certified_distance / chunk.weights**0.5:.2f} units a weight; objective within {chunk.gap:.3g} of its optimum, "
            f"{share(chunk.gap, chunk.gamma * chunk.d / 2)} of ½γD, the least cost of a move as long as the budget"
        )

    return _line(
        "distance",
        "So the new weights are within a certified distance of the exact optimum for the committed curvature: the repair is the one that "
        "the method prescribes, not another training run.",
        "‖δ − δ*‖ ≤ √T1/γ + √T2/(2√γ),  ½δᵀCδ ≤ optimum + ½(√(T1/γ) + √T2)²",
        *by_chunk(answer.chunks, lambda chunk: chunk.chunk, words),
        f"all {plural(len(answer.chunks), 'chunk')}: ‖δ − δ*‖ ≤ {length(answer.distance)}, "
        f"{share(answer.distance, answer.reach)} of the {answer.reach * UNIT:.3g} that the budget allows",
    )


def _binding(facts: Facts, answer: Answer) -> Line:
    return _line(
        "binding",
        "It starts from the weights behind the commitment that the ledger holds, and answers this request for this client: no other request, "
        "client, state, chunk, table or reference string.",
        "every challenge hashes: tables, SRS, client, enrolment, state, request, chunk, γ, T1, T2, D, commitments",
        f"client {facts.client_id}, request {answer.request_id}, ledger position {answer.position}"
        + ("" if answer.position else ": the first, whose commitments are the enrolment's own"),
    )


def _enrolment_lines(facts: Facts, enrolled: Enrolled) -> list[Line]:
    found = [_rows(facts), _hiding_places(enrolled), _base(enrolled)]
    return [*found, *([_tie()] if enrolled.renews else []), _enrolment_binding(facts, enrolled)]


def _rows(facts: Facts) -> Line:
    sizes, window = facts.sizes, facts.sizes.range_bits
    return _line(
        "rows",
        "Enrolment: every committed gradient entry is in range, so no sum of the statement can wrap around the field.",
        "|G_ki|, |Δ_i| < 2^(r+1),  from v = ⟨a, t⟩ and t = ⟨b, G⟩ in windows of 2^r",
        f"r = {window}: |G_ki| < {power(window + 1)} for {sizes.client_rows} rows, by {sizes.projections} projections twice",
    )


def _hiding_places(enrolled: Enrolled) -> Line:
    forgotten = sum(chunk.forgotten for chunk in enrolled.chunks)
    return _line(
        "hiding_places",
        "Enrolment: nothing hides. Rows and weights are zero on pads and on every weight that was forgotten before.",
        "G_ki = θp_i = 0 on pads and wherever f_cum = 0",
        f"{plural(forgotten, 'weight')} of {enrolled.weights:,} forgotten before this enrolment",
    )


def _base(enrolled: Enrolled) -> Line:
    def words(chunk: EnrolledChunk) -> str:
        told = f"ΣΔ² ≤ D0 = {chunk.d0:,}, so ‖Δ‖ ≤ {length(chunk.d0**0.5)}"
        return f"{told}, {share(chunk.d0**0.5, chunk.base_energy**0.5)} of the norm of the base weights that are not forgotten"

    return _line(
        "base",
        "Enrolment: the enrolled model is a personalisation of the provider's: it lies within D0, which the provider signed, of the base.",
        "Σ(θp − f_cum·θ0)² ≤ D0",
        *by_chunk(enrolled.chunks, lambda chunk: chunk.chunk, words),
    )


def _tie() -> Line:
    return _line(
        "tie",
        "Enrolment: enrolling anew kept the weights that the ledger's commitment held before.",
        "θp = θ_current",
        "this enrolment replaces an earlier one",
    )


def _enrolment_binding(facts: Facts, enrolled: Enrolled) -> Line:
    state = "the state that it replaces" if enrolled.renews else "no earlier state"
    return _line(
        "enrolment_binding",
        "Enrolment: the proof is of these commitments against this base model, for this client, and of no others.",
        "every challenge hashes: tables, SRS, client, enrolment, base, replaced state, chunk, γ, D0, commitments",
        f"client {facts.client_id}, {state}",
    )


def _integers(facts: Facts) -> Line:
    sizes = facts.sizes
    windows = []
    if facts.answer:
        windows += [f"b = {sizes.window_bits}: |δ_i|, |e_k| < {power(sizes.window_bits)}, proven with the bundle"]
        given = "proven by the enrolment" if facts.enrolled else "NOT checked here: the enrolment proof says it"
        windows += [f"|G_ki| < {power(sizes.range_bits + 1)}, {given}"]
    margins = [
        f"{margin.relation}: largest {margin.quantity} < {power(margin.bits)}, {margin.margin} bits below p/2" for margin in facts.margins
    ]
    known = {gate.id for gate in facts.gates}
    return _line(
        "integers",
        "These are statements about integers, not about residues: no sum can reach half of the field's order p.",
        "every |sum| < p/2 from proven ranges",
        *windows,
        *margins,
        gates=tuple(gate for gate in PLACES["integers"].gates if gate in known),
    )


def _hidden(facts: Facts) -> Line:
    return _line(
        "hidden",
        "Nothing else is shown of weights, gradients or data, except γ, a coarse figure of the gradients' size.",
        "each secret column has B blinding rows and is evaluated at most B − 1 times in its life",
        f"B = {facts.sizes.blinding_rows}; a proof spends 2 of each column",
    )


def _error(facts: Facts) -> Line:
    bits = facts.soundness.chunk_bits
    return _line(
        "error",
        "A false statement is accepted with no more than this probability a query to the hash function.",
        "union over every challenge, of the rounds and of Halo2, every chunk and every proof audited here",
        *(f"{relation}: below {power(-value)} a chunk" for relation, value in bits.items()),
        f"everything audited here: below {power(-facts.soundness.all_bits)}",
        f"level: {facts.soundness.level} bits; a forgery costs about {power(facts.soundness.level)} operations, and what decides is: {facts.soundness.weakest}",
    )
