"""The count of openings: by commitment over its life, persisted before a proof, refused past the limit, never guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.formats import atomic, canonical
from zkapex_jax.presets import PRESETS, TOY
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.openings import ROWS, WEIGHTS, Budget, Opening

THETA, GRADIENTS, NEXT = "1" * 64, "2" * 64, "3" * 64
LIMIT = TOY.blinding_rows - 1


def weights(key: str = THETA, *, tie: bool = False) -> Opening:
    return Opening(0, WEIGHTS, key, openings.limit_for(TOY, WEIGHTS, tie=tie))


def rows(key: str = GRADIENTS) -> Opening:
    return Opening(0, ROWS, key, openings.limit_for(TOY, ROWS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One chunk is enrolled."""
    file = tmp_path / "openings.json"
    openings.register(file, [THETA, GRADIENTS], 0)
    openings.follow(file, weights=[THETA], rows=[GRADIENTS])
    return file


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_one_evaluation_stays_hidden_after_the_last_proof(preset: object) -> None:
    limit = openings.limit_of(preset)
    assert limit == preset.blinding_rows - 1
    assert openings.limit_for(preset, WEIGHTS) + openings.TIE_OPENINGS == openings.limit_for(preset, WEIGHTS, tie=True) == limit
    assert openings.limit_for(preset, ROWS) == limit


def test_no_proof_reaches_the_number_of_blinding_rows(path: Path) -> None:
    """The proof that would bring a commitment to B openings is refused, and counts nothing."""
    proofs = 0
    with pytest.raises(RefusedError, match="as often as their blinding allows; enrol anew with `zkapex re-enrol`") as caught:
        while True:
            openings.spend(path, [rows()])
            proofs += 1
    assert proofs == LIMIT // openings.OPENINGS_A_PROOF and caught.value.code == "openings_spent"
    assert openings.load(path).counts[GRADIENTS] == openings.OPENINGS_A_PROOF * proofs <= LIMIT
    assert openings.left(path, TOY)[0].rows == LIMIT - openings.OPENINGS_A_PROOF * proofs


def test_the_tie_of_a_re_enrolment_is_set_aside(path: Path) -> None:
    with pytest.raises(RefusedError):
        while True:
            openings.spend(path, [weights()])
    openings.spend(path, [weights(tie=True)])
    assert openings.load(path).counts[THETA] <= LIMIT
    with pytest.raises(RefusedError, match="weights of chunk 0"):
        while True:
            openings.spend(path, [weights(tie=True)])
    assert openings.load(path).counts[THETA] <= LIMIT


def test_all_or_nothing(path: Path) -> None:
    with pytest.raises(RefusedError):
        while True:
            openings.spend(path, [rows()])
    before = path.read_bytes()
    with pytest.raises(RefusedError):
        openings.spend(path, [weights(), rows()])
    assert path.read_bytes() == before


def test_a_commitment_goes_on_counting_under_its_next_role(path: Path) -> None:
    """Com(θ̂u), opened once by the proof that made it, is the next Com(θ̂p)."""
    openings.register(path, [NEXT], openings.OPENINGS_A_PROOF)
    openings.follow(path, weights=[NEXT])
    openings.spend(path, [weights(NEXT), rows()])
    assert openings.left(path, TOY) == {0: Budget(LIMIT - 2 - 4, LIMIT - 2, LIMIT)}
    openings.register(path, [NEXT], openings.OPENINGS_A_PROOF)
    assert openings.load(path).counts == {THETA: 0, GRADIENTS: 2, NEXT: 4}, "registering again never lowers a count"


def test_what_is_not_counted_is_not_opened(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(InputError, match="does not count the openings.*openings.json"):
        openings.spend(path, [weights(NEXT)])
    with pytest.raises(InputError, match="does not count"):
        openings.follow(path, rows=[NEXT])
    assert path.read_bytes() == before
    path.unlink()
    with pytest.raises(InputError, match="openings.json"):
        openings.spend(path, [weights()])
    assert not path.exists()


def test_keys_name_the_points_of_a_chunk() -> None:
    points = np.random.default_rng(0).integers(0, 256, (2, 4, 48), np.uint8)
    first, second = openings.keys_of(points)
    assert first == openings.key_of(points[0]) == openings.key_of(points[0].reshape(-1)) != second


GOOD = {
    "format": "zkapex.openings",
    "version": "2",
    "current": {"weights": [THETA], "rows": [GRADIENTS]},
    "commitments": {THETA: "1", GRADIENTS: "1"},
}
BAD = [
    b"", b"{}", b"[]", canonical.dumps(GOOD)[:-1], canonical.dumps(GOOD | {"version": "1"}), canonical.dumps(GOOD | {"format": "x"}),
    canonical.dumps(GOOD | {"commitments": {THETA: "-1", GRADIENTS: "1"}}), canonical.dumps(GOOD | {"commitments": {THETA: "1"}}),
    canonical.dumps(GOOD | {"commitments": []}), canonical.dumps(GOOD | {"current": []}), canonical.dumps(GOOD | {"current": {"weights": [THETA]}}),
    canonical.dumps(GOOD | {"current": {"weights": [THETA], "rows": []}}), canonical.dumps(GOOD | {"current": {"weights": "x", "rows": []}}),
]  # fmt: skip


@pytest.mark.parametrize("data", BAD)
def test_a_bad_file_is_refused_and_not_counted_as_empty(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    for act in (
        lambda: openings.spend(path, [weights()]),
        lambda: openings.register(path, [NEXT], 0),
        lambda: openings.left(path, TOY),
    ):
        with pytest.raises(InputError, match="openings.json"):
            act()
    assert path.read_bytes() == data


def test_nothing_is_proven_if_the_count_cannot_be_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StorageError, match="openings.json"):
        openings.spend(path, [weights()])
    assert path.read_bytes() == before
