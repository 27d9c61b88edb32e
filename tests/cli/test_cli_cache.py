"""The folder of tables and reference strings, as commands use it: made once a user, safe to fill from several processes, and no more
trusted than any file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_walk import Run

ROOT = Path(__file__).parents[2]
TOY = ("--weights", 1000, "--touched", 1, "--preset", "toy", "--no-progress")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user who names nothing, in a home of its own."""
    for name in ("ZKAPEX_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / ".cache" / "zkapex"


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_what_is_made_in_one_folder_serves_in_all(run: Run, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        run("estimate", *TOY, "--json")
        made.append(stamps(own))
        assert not list(Path.cwd().iterdir())
    assert made[0] == made[1] and len(made[0]) == 3


def test_the_option_counts_before_the_variable(run: Run, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKAPEX_CACHE", str(tmp_path / "variable"))
    assert run("srs", "ensure", "--k", 4, "--json").document["srs"]["path"] == str(tmp_path / "variable" / "ceremony-4.srs")
    named = run("srs", "ensure", "--k", 4, "--cache", tmp_path / "named", "--json").document
    assert named["srs"]["path"] == str(tmp_path / "named" / "ceremony-4.srs") and not own.exists()


def test_tables_of_another_version_stay_and_damaged_ones_are_made_anew(run: Run, own: Path) -> None:
    run("estimate", *TOY)
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    (own / "toy-0123456789abcdef.tables.json").write_bytes(b"of another version")
    for path in own.glob("toy-*[0-9a-f].tables.json"):
        if path.name in before:
            path.write_bytes(path.read_bytes()[:-1])
    run("estimate", *TOY)
    after = {path.name: path.read_bytes() for path in own.iterdir()}
    assert after == before | {"toy-0123456789abcdef.tables.json": b"of another version"}


@pytest.mark.parametrize("how", ["insecure", "renamed", "damaged"])
def test_a_reference_string_that_was_exchanged_is_refused(run: Run, own: Path, how: str) -> None:
    """Whoever knows its secret could forge proofs; that it is there already, and named so, counts for nothing."""
    made = Path(run("srs", "ensure", "--k", 8, "--insecure-srs", "--json").document["srs"]["path"]).read_bytes()
    run("srs", "ensure", "--k", 8)
    honest = (own / "ceremony-8.srs").read_bytes()
    put = {"insecure": made, "renamed": made.replace(b"insecure-local", b"ethereum-kzg-4", 1), "damaged": honest[:-1] + bytes([honest[-1] ^ 1])}
    (own / "ceremony-8.srs").write_bytes(put[how])
    for asked in (("srs", "ensure", "--k", 8), ("estimate", *TOY)):
        error = run(*asked, "--json", code=2).document["error"]
        assert error["file"] == str(own / "ceremony-8.srs") and "remove the file" in error["hint"]
    (own / "ceremony-8.srs").unlink()
    run("srs", "ensure", "--k", 8)
    assert (own / "ceremony-8.srs").read_bytes() == honest


def test_a_folder_that_others_can_write_to_is_refused_until_it_is_named(run: Run, own: Path) -> None:
    run("srs", "ensure", "--k", 4)
    own.chmod(0o775)
    assert run("srs", "ensure", "--k", 4, "--json", code=4).document["error"]["code"] == "unsafe_cache"
    run("srs", "ensure", "--k", 4, "--cache", own)


def test_a_service_says_at_its_start_that_it_has_no_folder(run: Run, own: Path, tmp_path: Path) -> None:
    run("keygen", tmp_path / "provider")
    own.parent.write_bytes(b"")
    error = run("serve", tmp_path / "provider", code=4).err
    assert "no_cache" in error and "--cache DIR or ZKAPEX_CACHE" in error


@pytest.mark.parametrize("secure", [(), ("--insecure-srs",)])
def test_processes_that_fill_it_at_once_agree(tmp_path: Path, secure: tuple[str, ...]) -> None:
    """Also on an insecure reference string, of which each process would make another one."""
    words = [sys.executable, "-m", "zkapex_jax", "srs", "ensure", "--k", "8", "--json", *secure]
    environment = os.environ | {"ZKAPEX_CACHE": str(tmp_path / "cache")}
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) for _ in range(4)]
    told = [json.loads(process.communicate(timeout=120)[0])["srs"] for process in started]
    assert all(process.returncode == 0 for process in started) and len({one["digest"] for one in told}) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [Path(told[0]["path"]).name], "nothing passing stays"


def test_toolchains_that_are_opened_at_once_agree(tmp_path: Path) -> None:
    words = "from zkapex_jax.workflow import open_toolchain as o; t = o('toy', threads=1); print(t.tables_digest, t.enrol_tables_digest, t.srs_digest)"
    environment = os.environ | {"ZKAPEX_CACHE": str(tmp_path / "cache")}
    started = [subprocess.Popen([sys.executable, "-c", words], stdout=subprocess.PIPE, env=environment, cwd=tmp_path) for _ in range(3)]
    told = {process.communicate(timeout=120)[0] for process in started}
    assert len(told) == 1 and all(process.returncode == 0 for process in started)
    assert len(list((tmp_path / "cache").iterdir())) == 3 and not list(tmp_path.glob("runs"))


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_targets_of_the_makefile_keep_theirs_in_the_checkout() -> None:
    """Also where the user's environment names another folder: `make clean` removes all that the targets made."""
    shown = subprocess.run(
        ["make", "--no-print-directory", "--eval", "zkapex-cache-shown: ; @echo $$ZKAPEX_CACHE", "zkapex-cache-shown"],
        cwd=ROOT, env=os.environ | {"ZKAPEX_CACHE": "/elsewhere"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept = Path(shown.stdout.strip())
    assert kept == ROOT / "runs" / "cache"
    cleaned = (ROOT / "Makefile").read_text().partition("\nclean:")[2].split("\n")[1].split()
    assert "runs" in cleaned
