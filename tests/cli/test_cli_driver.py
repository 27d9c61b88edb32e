"""The driver of the Rust binary, against shell scripts that behave and misbehave."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError, ZkapexError
from zkapex_jax.prover import Progress, Prover
from zkapex_jax.prover.process import run_process
from zkapex_jax.prover.srs import check_srs

Script = Callable[[str], Path]
ERROR = """echo '{"event":"error","code":"%s","message":"%s","file":"/a","field":"k","value":"9"}' >&2; exit %d"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(body: str) -> Path:
        path = tmp_path / "zkapex-prover"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


def test_result_and_progress(script: Script) -> None:
    body = """for i in 0 1 2; do echo '{"event":"progress","stage":"prove","done":'$i',"total":2,"weights_done":7,"weights_total":9}' >&2; done
echo 'a plain line' >&2; echo '{"answer": [1, 2.5]}'"""
    seen: list[Progress] = []
    assert run_process(script(body), [], on_progress=seen.append).result == {"answer": [1, 2.5]}
    assert seen == [Progress("prove", done, 2, 7, 9) for done in range(3)]


def test_large_output_on_both_streams_does_not_block(script: Script) -> None:
    body = """i=0; while [ $i -lt 3000 ]; do echo '{"event":"progress","stage":"s","done":1,"total":2}' >&2; i=$((i+1)); done
printf '{"x":"'; head -c 300000 /dev/zero | tr '\\0' a; printf '"}'"""
    assert len(run_process(script(body), [], on_progress=lambda _: None).result["x"]) == 300_000


@pytest.mark.parametrize(
    ("code", "kind"), [(2, InputError), (3, RefusedError), (4, StorageError), (5, InternalError), (9, InternalError)]
)
def test_failures_keep_their_parts(script: Script, code: int, kind: type[ZkapexError]) -> None:
    with pytest.raises(kind) as caught:
        run_process(script(ERROR % ("some_code", "/a: k: is wrong", code)), [], on_progress=None)
    error = caught.value
    assert (error.code, error.message, error.file, error.field, error.value) == ("some_code", "is wrong", "/a", "k", "9")
    assert str(error) == "/a: k: is wrong (got 9)"


def test_a_failed_proof_is_a_result(script: Script) -> None:
    refused = script("""echo '{"accepted":false}'; echo 'a panic, caught' >&2; exit 3""")
    outcome = run_process(refused, [], on_progress=None, refusal_is_result=True)
    assert outcome.exit_code == 3 and outcome.result == {"accepted": False}
    with pytest.raises(RefusedError):
        run_process(script(ERROR % ("insecure", "is insecure", 3)), [], on_progress=None, refusal_is_result=True)


@pytest.mark.parametrize("body", ["exit 0", "echo '[]'", "echo 'hello'", "echo '{}'", "echo '{\"a\":1'"])
def test_results_that_are_none(script: Script, body: str) -> None:
    with pytest.raises(InternalError, match="no JSON object"):
        run_process(script(body), [], on_progress=None)


def test_a_failure_without_a_word(script: Script) -> None:
    with pytest.raises(InternalError, match=r"exit code 7 \(got thread main panicked\)"):
        run_process(script("echo 'thread main panicked' >&2; exit 7"), [], on_progress=None)


def test_killed_from_outside(script: Script) -> None:
    with pytest.raises(InternalError, match="SIGKILL; it probably ran out of memory"):
        run_process(script("kill -9 $$"), [], on_progress=None)


@pytest.mark.parametrize(
    "event", ['"stage":5,"done":1,"total":2', '"stage":"s","done":"1","total":2', '"stage":"s","done":-1,"total":2']
)
def test_odd_progress_is_no_reason_to_fail(script: Script, event: str) -> None:
    seen: list[Progress] = []
    run_process(script(f"""echo '{{"event":"progress",{event}}}' >&2; echo '{{"a":1}}'"""), [], on_progress=seen.append)
    assert seen == []


def test_the_child_never_outlives_an_interrupt(script: Script, tmp_path: Path) -> None:
    body = f"""echo $$ > {tmp_path}/pid; echo '{{"event":"progress","stage":"s","done":0,"total":2}}' >&2; exec sleep 60"""

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_process(script(body), [], on_progress=interrupt)
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals reach the main thread alone")
def test_control_c(script: Script, tmp_path: Path) -> None:
    body = f"""echo $$ > {tmp_path}/pid; exec sleep 60"""
    # A run that was started in the background may have inherited an ignored SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_process(script(body), [], on_progress=None)
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_where_the_binary_is_looked_for(script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZKAPEX_PROVER", str(script("exit 0")))
    assert Prover.find().binary == tmp_path / "zkapex-prover"
    monkeypatch.setenv("ZKAPEX_PROVER", str(tmp_path / "none"))
    with pytest.raises(InputError, match="not an executable file"):
        Prover.find()
    monkeypatch.delenv("ZKAPEX_PROVER")
    monkeypatch.setattr("zkapex_jax.prover.driver._BUILT", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Prover.find().binary == tmp_path / "zkapex-prover"
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InternalError, match="not built; run `cargo build"):
        Prover.find()


@pytest.mark.parametrize("threads", [0, -1, 5000])
def test_threads_are_bounded(threads: int) -> None:
    with pytest.raises(InputError, match="between 1 and 1024"):
        Prover.find(threads)


@pytest.mark.parametrize(
    "report",
    ['{"k":8}', '{"k":"8","source":"x","insecure":false,"digest":"00"}', '{"k":8,"source":"x","insecure":0,"digest":"00"}'],
)
def test_reports_that_are_not_understood(script: Script, report: str, tmp_path: Path) -> None:
    with pytest.raises(InternalError):
        check_srs(Prover(script(f"echo '{report}'")), tmp_path / "x")
