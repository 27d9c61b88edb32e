"""The commands of a client's small machine start without what they do not use, in little memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from zkapex_jax.cli import failures, start
from zkapex_jax.cli.main import app as whole

#: Each takes tens of megabytes, or a good part of a second.
HEAVY = {"jax", "jaxlib", "flax", "optax", "scipy", "sqlalchemy", "fastapi", "reference_prover", "transformers", "torch", "jinja2", "zkapex_jax.circuit", "zkapex_jax.ledger", "zkapex_jax.service"}
_RUN = """
import json, sys
from zkapex_jax.cli.start import app_for
words = sys.argv[1:]
try:
    app_for(words)(words)
except SystemExit as end:
    code = end.code
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"code": code, "modules": sorted(sys.modules), "memory": 1024 * int(peak.split()[1])}), file=sys.stderr)
"""


def run(*words: object) -> dict:
    made = subprocess.run([sys.executable, "-c", _RUN, *map(str, words)], capture_output=True, text=True, check=True)
    return json.loads(made.stderr.splitlines()[-1])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("client send --home {}", 2),
        ("client status --home {}", 2),
        ("client receive {}/x --home {}", 2),
        ("client join --home {}/h --client a --provider-key " + "1" * 64, 0),
        ("client unlearn --home {}", 2),
        ("client --help", 0),
        ("receipt check {}/x --provider-key " + "1" * 64, 2),
    ],
)
def test_light_commands_are_light(words: str, code: int, tmp_path: Path) -> None:
    found = run(*(word.replace("{}", str(tmp_path)) for word in words.split()))
    assert found["code"] == code
    assert not {name for name in found["modules"] if name in HEAVY or name.split(".")[0] in HEAVY}
    assert found["memory"] < 100e6


@pytest.mark.parametrize("room", sorted(start.ALONE))
def test_a_group_alone_is_the_one_of_the_whole(room: str) -> None:
    """The same commands with the same parameters, under the same name."""
    alone, together = (typer.main.get_command(app) for app in (start.app_for([room]), whole))
    assert set(alone.commands) == {room} and set(alone.commands[room].commands) == set(together.commands[room].commands)
    for name, command in alone.commands[room].commands.items():
        other = together.commands[room].commands[name]
        assert [parameter.opts for parameter in command.params] == [parameter.opts for parameter in other.params]


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["demo"], ["clients"], ["nonsense"]])
def test_all_else_is_the_whole(words: list[str]) -> None:
    assert start.app_for(words) is whole


@pytest.mark.parametrize(("shell", "variable", "gap"), [("bash", "COMP_WORDS", "\n"), ("zsh", "_TYPER_COMPLETE_ARGS", " "), ("fish", "_TYPER_COMPLETE_ARGS", " ")])
def test_shells_complete_every_command_and_a_group_alone(monkeypatch: pytest.MonkeyPatch, shell: str, variable: str, gap: str) -> None:
    monkeypatch.setenv("_ZKAPEX_COMPLETE", f"complete_{shell}")
    for words, loaded in ((["client"], []), (["client", ""], ["client"]), (["client", "se"], ["client"]), (["ver"], []), ([""], []), (["verify", ""], ["verify"])):
        monkeypatch.setenv(variable, gap.join(["zkapex", *words]))
        assert start.asked() == loaded
        assert (start.app_for(start.asked()) is whole) == (loaded != ["client"])


def test_completion_without_a_line_is_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("_ZKAPEX_COMPLETE", "source_bash")
    assert start.app_for(start.asked()) is whole


@pytest.mark.parametrize("first", [True, False])
def test_the_first_process_of_a_container_heeds_sigterm(monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(failures.os, "getpid", lambda: 1 if first else 2)
    try:
        failures.end_on_sigterm()
        assert (signal.getsignal(signal.SIGTERM) is signal.default_int_handler) == first
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_enrolment_without_room_is_refused_before_it_loads_the_libraries(tmp_path: Path) -> None:
    """They alone would be too much for the machine: it is said in words in place of being killed."""
    code = """
import sys
from pathlib import Path
from zkapex_jax.cli.client import personal
from zkapex_jax.errors import StorageError
from zkapex_jax.presets import get_preset
personal.check_python_room.__globals__["free_memory"] = lambda swap: 100_000_000
rows = personal.RowOptions(Path("data"), personal.RowKind.EXAMPLES, None, 0, 8)
class Layout:
    target = None
class Base:
    layout = Layout()
class Tool:
    preset = get_preset("toy")
personal.check_rows_room.__globals__["check_rows_room"] = lambda preset, base, choice, folder: personal._kept_bytes(preset, base.layout.target, choice)
try:
    personal.enrol_model(None, Tool(), Base(), folder=Path("f"), model=Path("m"), rows=rows, client_id="a", provider_key=None, check=True, force=False)
except StorageError as error:
    print(error.code, "jax" in sys.modules)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert made.stdout.split() == ["no_memory", "False"]


def test_a_repair_without_room_is_refused_before_it_loads_the_libraries(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from types import SimpleNamespace
from zkapex_jax.cli.remote import unlearn as client_unlearn
from zkapex_jax.cli.output import Output
from zkapex_jax.errors import StorageError
from zkapex_jax.workflow.costs import libraries
libraries.free_memory = lambda swap: 100_000_000
place = SimpleNamespace(path=Path("home"), folder=None)
answer = SimpleNamespace(request=SimpleNamespace(path=None), state=SimpleNamespace(path=None), has_update=False, has_bundle=False)
try:
    client_unlearn._answer(Output(), place, None, answer, True)
except StorageError as error:
    print(error.code, "jax" in sys.modules)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert made.stdout.split() == ["no_memory", "False"]


def test_nothing_is_loaded_where_no_model_is_to_be_saved(tmp_path: Path) -> None:
    code = "import sys; from zkapex_jax.cli.client.saving import Saving; print(Saving.asked(None, None, force=False), 'jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout.split() == ["None", "False"]
