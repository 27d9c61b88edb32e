"""Rows that the proof system keeps: a circuit that leans on them is refused by every judge, however its columns look."""

import pytest
from judges import Court

from zkapex_jax.circuit import CircuitBuilder

K = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


def unselected(builder, a, p, q):
    """A gate without a selector: it meets the random numbers of the kept rows."""
    builder.gate("gate", [a * (a - 1)])


def beyond(builder, a, p, q):
    """The last usable row reads the first kept one."""
    builder.run(q, 9, 1)
    builder.gate("gate", [q * (a.next() - a)])


def before(builder, a, p, q):
    """Row 0 reads the last row of the domain."""
    builder.run(q, 0, 1)
    builder.gate("gate", [q * (a.at(-1) - a)])


def instance(builder, a, p, q):
    """A public column that is 3 on every row that a statement can set, but 0 on the others."""
    builder.gate("gate", [p - 3])


def looked_up(builder, a, p, q):
    """A lookup whose last row reads a random number."""
    builder.run(q, 1, 1)
    builder.gate("idle", [q * (q - 1) * a])
    builder.lookup("lookup", [a.next()], [q])


@pytest.mark.parametrize("write", [unselected, beyond, before, instance, looked_up])
def test_every_judge_refuses(folder, write):
    builder = CircuitBuilder("kept", K)
    a, p, q = builder.advice("a"), builder.instance("p"), builder.fixed("q")
    write(builder, a, p, q)
    circuit = builder.build()
    filled = [3] * circuit.usable_rows + [0] * (2**K - circuit.usable_rows)
    court = Court(folder, circuit, {"a": [0] * 2**K, "p": filled})
    assert set(court.verdicts().values()) == {False}


@pytest.mark.parametrize("given", [0, 1])
def test_what_is_given_for_kept_rows_is_not_read(folder, given):
    """Columns that would satisfy the gate on paper, by their kept rows, do not; nor do such cells spoil what holds."""
    builder = CircuitBuilder("kept", K)
    a, q = builder.advice("a"), builder.fixed("q")
    builder.run(q, 0, 1)
    builder.gate("gate", [q * (a.next() - a - given)])
    circuit = builder.build()
    court = Court(folder, circuit, {"a": [7, 7 + given] + [0] * 8 + [5] * 6})
    assert court.violations == []
    assert set(court.verdicts().values()) == {True}
