"""How long a service keeps things, as its options and its file of limits say; and what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_service_commands import provider, run

from zkapex_jax.cli.spans import size, span
from zkapex_jax.service import logs, serving
from zkapex_jax.service.settings import Keep, Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What `zkapex serve` would have served with."""
    seen: list[Settings] = []
    monkeypatch.setattr(logs, "set_up", lambda **_: None)
    monkeypatch.setattr(serving, "serve", lambda given, *rest, **more: seen.append(given))
    return seen


def test_options_stand_above_the_file(provider: Path, settings: list[Settings], tmp_path: Path) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text(json.dumps({"keep": {"finished": 172800, "evidence": 60}, "queue": {"lease": 9}}))
    for more, wanted in (
        ([], Keep()),
        (["--limits", limits], Keep(finished=172800, evidence=60)),
        (["--limits", limits, "--keep-evidence", "12h", "--evidence-size", "500MiB"], Keep(finished=172800, evidence=43200, evidence_bytes=500 << 20)),
        (["--keep-finished", "60d"], Keep(finished=60 * 86400)),
    ):
        code, _, err = run("serve", provider, *more)
        assert code == 0, err
        assert settings[-1].keep == wanted


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--keep-finished", "23h"], "keep.finished"),
        (["--keep-finished", "soon"], "no span of time"),
        (["--keep-evidence", "0d"], "keep.evidence"),
        (["--evidence-size", "1GB"], "no size"),
    ],
)
def test_spans_that_cannot_be(provider: Path, settings: list[Settings], more: list[str], words: str) -> None:
    """Jobs are known for a day at least: over so long are the bytes of a client counted."""
    code, _, err = run("serve", provider, *more)
    assert code == 2 and words in " ".join(err.split()) and settings == []


def test_a_file_that_says_nothing_sensible(provider: Path, settings: list[Settings], tmp_path: Path) -> None:
    for text in ('{"keep": 3}', '{"keep": {"finished": "long"}}', '{"keep": {"nothing": 1}}'):
        (tmp_path / "limits.json").write_text(text)
        code, _, err = run("serve", provider, "--limits", tmp_path / "limits.json", "--keep-evidence", "1d")
        assert code == 2 and "limits.json" in err and settings == []


@pytest.mark.parametrize(("text", "seconds"), [("30d", 2592000.0), ("1.5h", 5400.0), ("5min", 300.0), ("20s", 20.0), ("0d", 0.0)])
def test_spans(text: str, seconds: float) -> None:
    assert span(text) == seconds == span(seconds)


@pytest.mark.parametrize(("text", "count"), [("1GiB", 1 << 30), ("0.5KiB", 512), ("20B", 20)])
def test_sizes(text: str, count: int) -> None:
    assert size(text) == count == size(count)


__all__ = ["provider"]
