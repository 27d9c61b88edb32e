"""No secret is printed, nor written into a file that leaves the client: the whole path by the command line, every output, every file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from secrets_scan import Secrets, of_client
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from cli_walk import CONFIG, TARGET, admit_arguments, enrol_arguments, images, nudge, renew_arguments, request_arguments  # noqa: E402

from zkapex_jax.cli.main import app  # noqa: E402
from zkapex_jax.formats.arrays import save_arrays  # noqa: E402
from zkapex_jax.models import new_model, save_checkpoint  # noqa: E402
from zkapex_jax.protocol import ClientSecret, Update  # noqa: E402
from zkapex_jax.prover import Prover, process  # noqa: E402

#: What lies in a client's folder and is given away.
GIVEN = ("enrolment.safetensors", "enrolment-proof.safetensors", "base.safetensors", "bundle.safetensors")


@dataclass
class Walked:
    """What every command printed, with the Rust program's own streams; and where the files lie."""

    folder: Path
    printed: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: object, code: int = 0) -> None:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
        self.printed[f"{len(self.printed)} {arguments[0]}"] = result.stdout + "\n" + result.stderr

    def public(self) -> Iterator[Path]:
        """Every file but what the client, the provider's key and the inputs keep."""
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder).parts
            kept = inside[0] in ("alice", "bob", "inputs", "unlearned") and not (path.name in GIVEN or path.suffix in (".proof", ".done") or "points" in inside)
            if path.is_file() and not kept and path.name != "provider.key":
                yield path


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """keygen, base, enrolments, a request, unlearn, prove, verify, advance, re-enrol: for people, and with --json."""
    folder = tmp_path_factory.mktemp("walked")
    walk, patch = Walked(folder), pytest.MonkeyPatch()
    patch.setattr(process, "parse_event", _listening(walk, process.parse_event))
    patch.setattr(process, "_parse_result", _reading(walk, process._parse_result))
    _go(walk, _inputs(folder / "inputs"))
    patch.undo()
    yield walk


def _listening(walk: Walked, parse):
    def listen(line: bytes):
        walk.printed["the Rust program's stderr"] = walk.printed.get("the Rust program's stderr", "") + line.decode()
        return parse(line)

    return listen


def _reading(walk: Walked, parse):
    def read(output: bytes):
        walk.printed["the Rust program's stdout"] = walk.printed.get("the Rust program's stdout", "") + output.decode()
        return parse(output)

    return read


def _inputs(folder: Path) -> Path:
    folder.mkdir()
    model, params = new_model(CONFIG, 0)
    save_checkpoint(folder / "base", model, params)
    save_checkpoint(folder / "personal", model, nudge(params, np.random.default_rng(1)), private=True)
    for seed, (name, count) in enumerate((("mine", 20), ("forget", 12), ("retain", 12))):
        save_arrays(folder / f"{name}.safetensors", images(seed, count))
    return folder


def _go(walk: Walked, inputs: Path) -> None:
    place, provider = walk.folder, walk.folder / "provider"
    tools = ("--cache", place / "cache", "--progress")
    walk.run("keygen", provider)
    walk.run("base", "--base", inputs / "base", "--target", TARGET, "--provider", provider, "--out", place / "base", "--preset", "toy", *tools)
    for client, form in (("alice", ()), ("bob", ("--json",))):
        walk.run(*enrol_arguments(inputs, place / "base", place / client, client), "--provider-key", provider / "provider.key.pub", *tools, *form)
        walk.run(*admit_arguments(place / client, provider), "--out", place / f"{client}.state", *tools, *form)
    walk.run(*request_arguments(inputs, provider, place / "request"), *tools)
    for client, form in (("alice", ("--json",)), ("bob", ())):
        answer = ("--request", place / "request", "--state", place / f"{client}.state")
        saved = ("--model", inputs / "personal", "--save-model", place / "unlearned") if client == "alice" else ()
        walk.run("unlearn", place / client, *answer, "--provider-key", provider / "provider.key.pub", *tools, *saved, *form)
        walk.run("prove", place / client, *answer, "--out", place / f"{client}.bundle", *tools, *form)
    walk.run("verify", place / "alice.bundle", "--provider", provider, "--allow-insecure", "--out", place / "alice.next", *tools)
    walk.run("advance", place / "alice", "--request", place / "request", "--state", place / "alice.next", "--bundle", place / "alice.bundle", "--json")
    walk.run(*renew_arguments(inputs, place / "alice", place / "alice.next"), *tools, "--json")
    for kept in ("alice", "alice/secret.safetensors", "bob/secret.safetensors", "alice.bundle", "provider/ledger.sqlite"):
        walk.run("inspect", place / kept, *(("--json",) if kept.startswith("bob") else ()))


@pytest.fixture(scope="module")
def known(walked: Walked) -> Secrets:
    """Both clients' secrets, as they were and as they are, and the provider's key."""
    found = of_client(walked.folder / "alice", "alice")
    for part, more in vars(of_client(walked.folder / "bob", "bob")).items():
        getattr(found, part).update(more)
    key = load_pem_private_key((walked.folder / "provider/provider.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    found.add_seed("the provider's key", key.private_bytes_raw())
    assert len(found.strings) > 1000 and len(found.windows) > 100 and len(found.runs) > 100
    return found


def test_nothing_secret_is_printed(walked: Walked, known: Secrets) -> None:
    commands = {name.partition(" ")[2] for name in walked.printed}
    assert {"keygen", "base", "enrol", "admit", "request", "unlearn", "prove", "verify", "advance", "re-enrol", "inspect"} <= commands
    assert "progress" in walked.printed["the Rust program's stderr"] and "peak_rss_bytes" in walked.printed["the Rust program's stdout"]
    assert {name: found for name, text in walked.printed.items() if (found := known.in_text(text))} == {}


def test_nothing_secret_leaves_the_client(walked: Walked, known: Secrets) -> None:
    """Enrolment, proofs, bundle, states, the provider's folder with its ledger, caches of points."""
    files = list(walked.public())
    names = {path.name for path in files}
    assert {"enrolment.safetensors", "alice.bundle", "bob.bundle", "ledger.sqlite", "request", "base", "alice.next"} <= names and len(files) > 25
    assert {str(path): found for path in files if (found := known.in_bytes(path.read_bytes()))} == {}


def test_the_scan_finds_what_is_there(walked: Walked, known: Secrets) -> None:
    """Each kind of secret, in each form, in a text and in a file; and the client's own files are full of them."""
    secret = ClientSecret.from_file(walked.folder / "bob/secret.safetensors")
    seed, theta = secret.tensor("theta_seeds")[0].tobytes(), secret.tensor("theta")
    update = Update.from_file(next((walked.folder / "bob").rglob("update.safetensors")))
    sigma = update.tensor(next(name for name in update.container.specs if name.startswith("sigma")))
    texts = [seed.hex(), f'{{"seed": "{seed.hex().upper()}"}}', str(list(seed)), f"theta = {theta[:8].tolist()}", str(np.asarray(theta[8:16])), str(sigma[:4])]
    for text in texts:
        assert known.in_text(text), text
    floats = np.ldexp(theta[:12].astype(np.float64), -16).astype("<f4")
    row = secret.tensor("gradients.00000")[3]
    for data in (seed, b"x" + seed[::-1], theta[4:12].tobytes(), b"abc" + floats.tobytes(), b"\xff" + row[:64].tobytes(), sigma.tobytes()):
        assert known.in_bytes(b"\x01\xfe" + data + b"\xff"), data
    for name in ("secret.safetensors", "update.safetensors", "chunk-00000.seed"):
        path = next((walked.folder / "bob").rglob(name))
        assert known.in_bytes(path.read_bytes()), name
    assert not known.in_text("0 0 0 0 0 0 0 0 1 1 1 1 1 1") and not known.in_bytes(bytes(1000))


@pytest.mark.parametrize("fault", ["a masked weight is kept", "a weight is moved too far"])
def test_refusals_name_places_not_values(walked: Walked, known: Secrets, tmp_path: Path, fault: str) -> None:
    """The Rust prover refuses an update that breaks the request: it says which weight, or which sum."""
    update = Update.from_file(next((walked.folder / "bob").rglob("update.safetensors")))
    theta = update.tensor("theta_u").copy()
    at = int(np.flatnonzero(theta == 0)[0]) if fault.startswith("a masked") else int(np.flatnonzero(theta)[0])
    theta[at] = 7_654_321
    tensors = {name: update.tensor(name) for name in update.container.specs} | {"theta_u": theta}
    fields = {name: getattr(update, name) for name in type(update).model_fields}
    made = Update.parse(fields).to_file(tmp_path / "update", tensors)
    printed = _raw_prove(walked, made.path, tmp_path / "out")
    assert json.loads(printed.splitlines()[-1])["event"] == "error"
    assert "7654321" not in printed and known.in_text(printed) == []


def _raw_prove(walked: Walked, update: Path, out: Path) -> str:
    """Both streams of `zkapex-prover prove`, started as a person would, with progress."""
    client, cache = walked.folder / "bob", walked.folder / "cache"
    points = {path.name: path for path in (client / "points").iterdir()}
    from zkapex_jax.protocol import Enrolment, Request

    enrolment, request = Enrolment.from_file(client / "enrolment.safetensors"), Request.from_file(walked.folder / "request")
    given = {
        "tables": next(cache.glob("toy-*[0-9a-f].tables.json")), "srs": cache / "ceremony-8.srs", "enrolment": enrolment.path, "request": request.path,
        "enrolment-points": points[f"{enrolment.digest}.safetensors"], "request-points": points[f"{request.digest}.safetensors"],
        "state": walked.folder / "bob.state", "secret": client / "secret.safetensors", "update": update, "out": out,
    }  # fmt: skip
    arguments = [part for name, path in given.items() for part in (f"--{name}", str(path))]
    done = subprocess.run([Prover.find().binary, "--progress", "json", "prove", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done
    return done.stdout + done.stderr
