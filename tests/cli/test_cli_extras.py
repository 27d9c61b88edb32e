"""Commands whose libraries an installation without extras lacks say which extra, and are no bug."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_walk import Run


@pytest.mark.parametrize("arguments", [("serve",), ("invite", "--client", "alice")], ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("library", ["fastapi", "limits"])
def test_a_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], library: str) -> None:
    assert run("keygen", tmp_path / "provider").code == 0
    for name in [name for name in sys.modules if name.split(".")[0] == library or name.startswith("zkapex_jax.service")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    ran = run(arguments[0], tmp_path / "provider", *arguments[1:], code=5)
    assert f"not installed: {library}; run `pip install 'zkapex[service]'`" in ran.err and "missing_extra" in ran.err
