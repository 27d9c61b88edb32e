"""Zero knowledge, smoke tests: which of two witnesses a message is about cannot be told from the evaluations that it exposes.

The distinguisher knows both witnesses, and takes from each evaluation what either would put there. Limits are frozen
(`secrets_statistics`). The same distinguisher is shown to succeed on a prover that leaves out blinding, of one column even, and on
one that opens a column more often than its blinding rows allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from secrets_statistics import CHI_LIMIT, COIN_LIMIT, KS_LIMIT, chi_square, coin, from_uniform, told_apart
from secrets_transcripts import Exposed, Place, rests
from secrets_world import Answers, Chunk, Enrolled, is_true

from chain_world import open_world
from ref_chunks import layout
from ref_enrolments import SIZE
from reference_prover.enrolment import blinding as enrolment_blinding
from reference_prover.enrolment.blinding import EnrolmentBlinding
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.field import MODULUS, inverse
from reference_prover.plonk import VerifyingKey
from reference_prover.rounds import blinding as blind
from reference_prover.witness import Witness

Pair = tuple[Witness, Witness] | tuple[EnrolmentWitness, EnrolmentWitness]
Judged = tuple[Exposed, Pair, int]  # a message, the two witnesses in question, and which of them it is about


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("world")
    return Answers.of(open_world(folder, folder / "cache"))


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return Chunk.of()


def by_rust(answers: Answers, runs: int) -> Iterator[Judged]:
    for which in (0, 1):
        for run in answers.messages(which, runs):
            for number, exposed in run.items():
                yield exposed, answers.witnesses[number], which


def by_reference(chunk: Chunk | Enrolled, count: int, hidden: blind.Blinding | EnrolmentBlinding | None = None) -> Iterator[Judged]:
    for _ in range(count):
        for which, witness in enumerate(chunk.witnesses):
            yield chunk.message(witness, hidden), chunk.witnesses, which


def verdict(key: VerifyingKey, judged: Sequence[Judged]) -> list[str]:
    """What the distinguisher finds; nothing where it cannot tell."""
    guessed: tuple[list[int], list[int]] = ([], [])
    right = guesses = 0
    for exposed, pair, which in judged:
        under = [rests(key, exposed, witness) for witness in pair]
        guessed[which].extend(under[0].values())
        for place, rest in under[0].items():
            near = [min(one, MODULUS - one) for one in (rest, under[1][place])]
            if near[0] != near[1]:  # the two witnesses differ in this column
                guesses += 1
                right += (near[1] < near[0]) == which
    found = told_apart(*guessed)
    if coin(right, guesses) > COIN_LIMIT:
        found.append(f"{right} of {guesses} guesses are right")
    for name, values in opened(judged).items():
        if from_uniform(values) > KS_LIMIT or chi_square(values) > CHI_LIMIT:
            found.append(f"{name} are not uniform")
    return found


def opened(judged: Sequence[Judged]) -> dict[str, list[int]]:
    """Evaluations as they stand, and the combined openings at x3."""
    raw = [value for exposed, *_ in judged for place, value in exposed.values.items() if not place.public]
    return {"evaluations": raw, "combined openings": [value for exposed, *_ in judged for value in exposed.opened]}


def few_or_many(few: int, many: int) -> list[object]:
    return [few, pytest.param(many, marks=pytest.mark.slow)]


@pytest.mark.parametrize("runs", few_or_many(6, 250))
def test_two_answers_to_one_statement_are_not_told_apart(answers: Answers, runs: int) -> None:
    """By the Rust program: one enrolment, request and state; the updates differ in some weights."""
    for chunk, (statement, _) in answers.public.items():
        one, two = answers.witnesses[chunk]
        assert one.theta_u != two.theta_u and all(is_true(answers.key, statement, witness) for witness in (one, two))
    judged = list(by_rust(answers, runs))
    assert len(judged) == 4 * runs and verdict(answers.key, judged) == []


@pytest.mark.parametrize("count", few_or_many(4, 100))
def test_two_clients_with_one_public_side_are_not_told_apart(chunk: Chunk, count: int) -> None:
    """By the reference prover: other weights, other gradient rows, other commitments; all public numbers the same."""
    one, two = chunk.witnesses
    assert one.theta_p != two.theta_p and (one.gradients != two.gradients).any() and one.free == two.free
    assert all(is_true(chunk.key.verifying, chunk.statement, witness) for witness in (one, two))
    assert verdict(chunk.key.verifying, list(by_reference(chunk, count))) == []


def test_without_blinding_they_are(chunk: Chunk) -> None:
    found = verdict(chunk.key.verifying, list(by_reference(chunk, 2, blind.none(layout()))))
    assert any("guesses are right" in one for one in found)
    assert any("first sample" in one for one in found) and any("apart" in one for one in found)


@pytest.fixture(scope="module")
def enrolled() -> Enrolled:
    return Enrolled.of()


@pytest.mark.parametrize("count", few_or_many(3, 100))
def test_two_enrolments_with_one_public_side_are_not_told_apart(enrolled: Enrolled, count: int) -> None:
    """By the reference prover: weights and rows of two clients near one base."""
    one, two = enrolled.witnesses
    assert one.theta_p != two.theta_p and (one.gradients != two.gradients).any() and (one.theta_0, one.free) == (two.theta_0, two.free)
    assert verdict(enrolled.key.verifying, list(by_reference(enrolled, count))) == []


def test_without_blinding_enrolments_are(enrolled: Enrolled) -> None:
    found = verdict(enrolled.key.verifying, list(by_reference(enrolled, 6, enrolment_blinding.none(SIZE))))
    assert any("guesses are right" in one for one in found) and any("first sample" in one for one in found)


COLUMNS = {"theta_p": 4, "theta_u": 4, "y": 4, "bits": 3, "q": 1, "gradients": 4}


@pytest.mark.parametrize("column", [name if name in ("y", "gradients") else pytest.param(name, marks=pytest.mark.slow) for name in COLUMNS])
def test_one_column_without_blinding_is_enough(chunk: Chunk, column: str) -> None:
    """Its own evaluations give the witness away; the others still hide it."""
    family = "fold" if column == "gradients" else column
    cells = replace(blind.fresh(layout()), **{column: getattr(blind.none(layout()), column)})
    for exposed, pair, which in by_reference(chunk, 1, cells):
        left = rests(chunk.key.verifying, exposed, pair[which])
        bare = {place for place, rest in left.items() if rest == 0}
        assert {place.column.split(".")[0] for place in bare} == {family} and len(bare) == COLUMNS[column]
        other = rests(chunk.key.verifying, exposed, pair[1 - which])
        assert all(other[place] for place in bare), "under the wrong guess something is left"


def test_no_value_is_exposed_twice(answers: Answers, chunk: Chunk) -> None:
    """Columns that shared their blinding rows would leave equal rests in one message."""
    judged = [*by_rust(answers, 1), *by_reference(chunk, 1)]
    keys = [answers.key] * 4 + [chunk.key.verifying] * 2
    left = [rest for key, (exposed, pair, which) in zip(keys, judged, strict=True) for rest in rests(key, exposed, pair[which]).values()]
    raw = [value for values in opened(judged).values() for value in values]
    assert len(set(left)) == len(left) >= 6 * 20 and len(set(raw)) == len(raw)


def test_past_the_limit_a_column_shows_its_content(answers: Answers) -> None:
    """Com(θ̂p) has B = 16 blinding rows. Of B evaluations each guess explains all; of B + 1 only the truth does.

    Messages are made by the Rust program itself, which does not count: `zkapex prove` does, and refuses.
    """
    size, place = layout().blinding_rows, Place("theta_p.0", 0)
    taken = [run[0] for run in answers.messages(0, size + 1)]
    witness = answers.witnesses[0][0]
    lie = replace(witness, theta_p=[witness.theta_p[0] + 1, *witness.theta_p[1:]])
    points = [[exposed.x, rests(answers.key, exposed, witness)[place], _rest_of(answers, exposed, lie, place)] for exposed in taken]
    explains = lambda count, guess: _consistent(answers.key, [(x, (true, false)[guess]) for x, true, false in points[:count]])
    assert [explains(size, guess) for guess in (0, 1)] == [True, True]
    assert [explains(size + 1, guess) for guess in (0, 1)] == [True, False]


def _rest_of(answers: Answers, exposed: Exposed, witness: Witness, place: Place) -> int:
    """As `rests`, of one column of weights: other columns of a false witness do not matter."""
    domain = answers.key.circuit.domain
    column = layout().active_columns([value % MODULUS for value in witness.theta_p])[0]
    weights = domain.lagrange(exposed.x, range(domain.n))
    return (exposed.values[place] - sum(cell * weight for cell, weight in zip(column, weights, strict=True))) % MODULUS


def _consistent(key: VerifyingKey, evaluations: list[tuple[int, int]]) -> bool:
    """Whether some blinding cells give all these rests: Gauss on the values of the rows' Lagrange polynomials."""
    first, size = layout().blinding_start, layout().blinding_rows
    rows = [[*key.circuit.domain.lagrange(x, range(first, first + size)), rest] for x, rest in evaluations]
    rank = 0
    for column in range(size):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        scale = inverse(rows[rank][column])
        rows[rank] = [value * scale % MODULUS for value in rows[rank]]
        for i in range(len(rows)):
            if i != rank and rows[i][column]:
                factor = rows[i][column]
                rows[i] = [(a - factor * b) % MODULUS for a, b in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return all(row[-1] == 0 for row in rows[rank:])
