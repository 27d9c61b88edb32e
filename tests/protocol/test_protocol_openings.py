"""The count of openings: persisted before a proof, refused past the limit, never lost to a bad file."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.formats import atomic, canonical
from zkapex_jax.presets import PRESETS, TOY
from zkapex_jax.workflow import openings

DIGEST, OTHER = "1" * 64, "2" * 64


def test_limits_leave_one_evaluation_hidden() -> None:
    for preset in PRESETS.values():
        proofs = openings.proofs_allowed(preset) + openings.RESERVED_PROOFS
        assert openings.EVALUATIONS_A_PROOF * proofs <= preset.blinding_rows - 1
    assert openings.proofs_allowed(PRESETS["ceremony-4096"]) == 14


def test_counts_by_chunk_and_refuses_past_the_limit(tmp_path: Path) -> None:
    path, limit = tmp_path / "openings.json", openings.proofs_allowed(TOY)
    for proof in range(1, limit + 1):
        assert openings.spend(path, DIGEST, [0, 3], TOY) == {0: proof, 3: proof}
    before = path.read_bytes()
    with pytest.raises(RefusedError, match="as many as their blinding allows"):
        openings.spend(path, DIGEST, [5, 3], TOY)
    assert path.read_bytes() == before
    assert openings.spend(path, DIGEST, [5], TOY)[5] == 1


def test_a_new_enrolment_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "openings.json"
    openings.spend(path, DIGEST, [0], TOY)
    assert openings.load(path, OTHER) == {} and openings.load(path, DIGEST) == {0: 1}


GOOD = {"format": "zkapex.openings", "version": "1", "enrolment": DIGEST, "chunks": {"0": "1"}}
BAD = [
    b"", b"{}", b"[]", canonical.dumps(GOOD)[:-1], canonical.dumps(GOOD | {"version": "2"}), canonical.dumps(GOOD | {"format": "x"}),
    canonical.dumps(GOOD | {"chunks": {"0": "-1"}}), canonical.dumps(GOOD | {"chunks": {"x": "1"}}), canonical.dumps(GOOD | {"chunks": []}),
]  # fmt: skip


@pytest.mark.parametrize("data", BAD)
def test_a_bad_file_is_refused_and_not_counted_as_empty(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "openings.json").write_bytes(data)
    with pytest.raises(InputError, match="openings.json"):
        openings.spend(tmp_path / "openings.json", DIGEST, [0], TOY)
    assert (tmp_path / "openings.json").read_bytes() == data


def test_nothing_is_proven_if_the_count_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StorageError, match="openings.json"):
        openings.spend(tmp_path / "openings.json", DIGEST, [0], TOY)
