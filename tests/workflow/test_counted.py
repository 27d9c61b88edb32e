"""A killed run's openings are not counted twice; those of proofs that may have left are."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkapex_jax.errors import RefusedError
from zkapex_jax.workflow import counted


class Count:
    """What was counted, call by call."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls = folder, []

    def __call__(self, chunks: list[int]) -> list[list[int]]:
        counted.count_once(self.folder, chunks, self.calls.append)
        return self.calls


@pytest.fixture
def count(tmp_path: Path) -> Count:
    return Count(tmp_path)


def test_once_for_a_run_that_is_killed_again_and_again(count: Count) -> None:
    assert count([0, 1, 2]) == [[0, 1, 2]]
    assert count([1, 2]) == [[0, 1, 2], []]
    assert count([2, 3]) == [[0, 1, 2], [], [3]]
    assert count([3, 0]) == [[0, 1, 2], [], [3], []]


def test_again_once_proofs_may_have_left(count: Count, tmp_path: Path) -> None:
    count([0, 1])
    counted.release(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert count([1]) == [[0, 1], [1]]
    counted.release(tmp_path)
    counted.release(tmp_path)


def test_a_count_that_is_refused_is_not_noted(count: Count, tmp_path: Path) -> None:
    def refuse(_: list[int]) -> None:
        raise RefusedError("spent")

    with pytest.raises(RefusedError):
        counted.count_once(tmp_path, [0], refuse)
    assert count([0]) == [[0]]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"chunks":["0"],"format":"zkapex.counted","version":"2"}', '{"chunks":["-1"],"format":"zkapex.counted","version":"1"}',
             '{"chunks":"0","format":"zkapex.counted","version":"1"}', '{"chunks":[["0"]],"format":"zkapex.counted","version":"1"}'],
)  # fmt: skip
def test_a_damaged_note_counts_for_nothing(count: Count, tmp_path: Path, text: str) -> None:
    (tmp_path / counted.NAME).write_text(text)
    assert count([0]) == [[0]]
    assert count([0]) == [[0], []]
