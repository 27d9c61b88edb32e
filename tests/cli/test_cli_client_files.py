"""`zkapex client` without a service: what it writes with --out, and what it takes back with `receive`."""

from __future__ import annotations

import html
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_walk import Run, admit_arguments, base_arguments, request_arguments

from zkapex_jax.client import Home
from zkapex_jax.client.saved_models import remember_model
from zkapex_jax.protocol import Request, SigningKey, State
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.receipts import receipt_for


@dataclass(frozen=True)
class Place:
    """A provider's folder, a client's home, and what goes between them."""

    path: Path

    @property
    def provider(self) -> Path:
        return self.path / "provider"

    @property
    def key(self) -> Path:
        return self.provider / "provider.key.pub"

    @property
    def home(self) -> Path:
        return self.path / "home"

    def __truediv__(self, name: str) -> Path:
        return self.path / name


@pytest.fixture(scope="session")
def enrolled_by_files(run: Run, inputs: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """alice has joined and enrolled by files, and her state and a request lie ready."""
    place = Place(tmp_path_factory.mktemp("by-files"))
    tools = ("--cache", cache, "--no-progress")
    run("keygen", place.provider)
    run(*base_arguments(inputs, place.provider, place / "base"), *tools)
    run("client", "join", "--client", "alice", "--provider-key", place.key, "--base", place / "base", "--home", place.home)
    enrol = ("client", "enrol", "--home", place.home, "--out", place / "to-provider", *tools)
    run(*enrol, "--model", inputs / "personal", "--data", inputs / "mine.safetensors")
    run(*admit_arguments(place / "to-provider", place.provider), "--out", place / "alice.state", *tools)
    run(*request_arguments(inputs, place.provider, place / "request"), *tools)
    return place.path


@pytest.fixture(scope="session")
def answered_by_files(run: Run, enrolled_by_files: Path, cache: Path, inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `receive`, `unlearn` and `send --out`."""
    path = tmp_path_factory.mktemp("answered") / "place"
    shutil.copytree(enrolled_by_files, path)
    place = Place(path)
    run("client", "receive", place / "alice.state", place / "request", "--home", place.home)
    run(
        "client", "unlearn", "--home", place.home, "--cache", cache, "--no-progress", "--model", inputs / "personal",
        "--save-model", place / "unlearned",
    )  # fmt: skip
    run("client", "send", "--home", place.home, "--out", place / "answer")
    return path


def hand_out_receipt(place: Place) -> None:
    """The provider's receipt of alice's answer."""
    with Provider.open(place.provider) as provider:
        key = SigningKey.load(place.provider / "provider.key")
        receipt = receipt_for(provider, key, client_id="alice", request=Request.from_file(place / "request").request_id)
    receipt.to_file(place / "receipt.json")


@pytest.fixture
def enrolled(enrolled_by_files: Path, tmp_path: Path) -> Place:
    shutil.copytree(enrolled_by_files, tmp_path / "enrolled")
    return Place(tmp_path / "enrolled")


@pytest.fixture
def answered(answered_by_files: Path, tmp_path: Path) -> Place:
    shutil.copytree(answered_by_files, tmp_path / "answered")
    return Place(tmp_path / "answered")


def card_of(place: Place) -> str:
    return (place / "unlearned/README.md").read_text()


def test_from_a_checkpoint_to_an_accepted_answer(run: Run, answered: Place, cache: Path) -> None:
    tools = ("--cache", cache, "--no-progress")
    verified = run(
        "verify", answered / "answer/bundle.safetensors", "--provider", answered.provider, "--allow-insecure",
        "--out", answered / "next.state", "--json", *tools,
    ).document  # fmt: skip
    assert verified["accepted"]
    hand_out_receipt(answered)
    before = run("client", "status", "--home", answered.home, "--json").document
    assert before["answered"] == [] and len(before["requests"]) == 1, "an answer counts when it is accepted"
    told = run("client", "status", "--home", answered.home).out
    assert f"request    {before['requests'][0]}" in told and "then       zkapex client send" in told
    home = Home.open(answered.home)
    remember_model(home, before["requests"][0], answered / "unlearned")
    assert "**accepted**" not in card_of(answered)
    taken = run("client", "receive", answered / "next.state", answered / "receipt.json", "--home", answered.home, "--json").document
    assert taken["cards"] == [{"card": str(answered / "unlearned/README.md"), "card_problem": None, "card_command": None}]
    written = card_of(answered)
    assert "verified the zero-knowledge proof and **accepted** it" in written and before["requests"][0] in html.unescape(written)
    assert [one["kind"] for one in taken["received"]] == ["receipt", "state"]
    assert "own now" in taken["received"][1]["words"] and "accepted" in taken["received"][0]["words"]
    status = run("client", "status", "--home", answered.home, "--json").document
    assert status["position"] == 1 and status["to_send"] == [] and len(status["receipts"]) == 1
    assert status["answered"] == status["requests"] == before["requests"]
    told = run("client", "status", "--home", answered.home).out
    assert f"answered   {before['requests'][0]}" in told and "then       zkapex client receive" in told
    assert status["forgotten"] == int(Request.from_file(answered / "request").mask().sum())
    again = run("client", "receive", answered / "next.state", "--home", answered.home).out
    assert "own now" in again, "advancing twice changes nothing"
    (answered / "unlearned").rename(answered / "moved")
    told = run("client", "receive", answered / "receipt.json", "--home", answered.home).out
    assert "not written" in told and "is gone" in told and "zkapex card UNLEARNED --from MODEL" in told
    assert "no request is open" in run("client", "unlearn", "--home", answered.home, *tools).out
    run("client", "unlearn", "--home", answered.home, *tools, "--exit-code", code=10)


def test_nothing_secret_is_written_for_the_provider(enrolled: Place, answered: Place) -> None:
    assert sorted(path.name for path in (enrolled / "to-provider").iterdir()) == [
        "enrolment-proof.safetensors",
        "enrolment.safetensors",
    ]
    assert [path.name for path in (answered / "answer").iterdir()] == ["bundle.safetensors"]
    assert enrolled.home.stat().st_mode & 0o777 == 0o700
    assert (enrolled.home / "client.key").stat().st_mode & 0o777 == 0o600


def test_what_leaves_and_what_stays_is_said(run: Run, answered: Place) -> None:
    shown = run("client", "send", "--home", answered.home, "--out", answered / "second").out
    assert "Leaves this machine" in shown and "bundle" in shown and "Never leaves: your weights" in shown
    told = run("client", "send", "--home", answered.home, "--out", answered / "third", "--json").document
    assert [item["what"] for item in told["leaves"]] == ["bundle"] and len(told["stays"]) == 4 and not told["sent"]


def test_commands_go_on_where_they_stopped(run: Run, answered: Place, cache: Path) -> None:
    tools = ("--cache", cache, "--no-progress")
    again = run("client", "unlearn", "--home", answered.home, *tools, "--json").document
    assert again["resumed"], "a whole answer is not made again"
    Path(again["bundle"]).unlink()
    proofs = sorted(answered.home.glob("requests/*/chunks-*/*.proof"))
    before = [path.read_bytes() for path in proofs]
    assert not run("client", "unlearn", "--home", answered.home, *tools, "--json").document["resumed"]
    assert [path.read_bytes() for path in proofs] == before, "proofs that are there are kept"
    run("client", "enrol", "--home", answered.home, "--out", answered / "enrolment-again", *tools)
    assert (answered / "enrolment-again/enrolment.safetensors").read_bytes() == (answered.home / "enrolment.safetensors").read_bytes()


def test_a_damaged_update_is_made_again(run: Run, answered: Place, cache: Path) -> None:
    update = next(answered.home.glob("requests/*/update.safetensors"))
    before, bundle = update.read_bytes(), update.with_name("bundle.safetensors").read_bytes()
    update.write_bytes(before[:100])
    assert not run("client", "unlearn", "--home", answered.home, "--cache", cache, "--no-progress", "--json").document["resumed"]
    assert update.read_bytes() == before and update.with_name("bundle.safetensors").read_bytes() == bundle, "its proofs are kept"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("enrol", "--home", "none"), 2, "knows of no provider"),
        (("join", "--client", "bob", "--home", "{home}", "--provider-key", "{key}"), 2, "has joined already"),
        (("join", "http://192.0.2.1", "--client", "a", "--home", "new"), 2, "must be https"),
        (("join", "--client", "a", "--home", "new"), 2, "provider-key: is needed"),
        (("join", "--client", "a b", "--home", "new", "--provider-key", "{key}"), 2, "client_id"),
        (("unlearn", "--home", "{home}"), 2, "holds no state"),
        (("unlearn", "--home", "{home}", "--save-model", "x"), 2, "--model and --save-model go together"),
        (("receive", "{provider}/provider.key.pub", "--home", "{home}"), 2, "safetensors"),
        (("receive", "{home}/secret.safetensors", "--home", "{home}"), 2, "is nothing that a provider hands out"),
        (("receive", "{home}/enrolment.safetensors", "--home", "{home}"), 2, "is nothing that a provider hands out"),
        (("unlearn", "--home", "{home}", "--request", "none"), 2, "holds no state"),
        (("enrol", "--home", "{home}"), 2, "knows of no service"),
    ],
)
def test_what_is_wrong_is_said(run: Run, enrolled: Place, arguments: tuple[str, ...], code: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(enrolled.path)
    filled = [part.format(home=enrolled.home, key=enrolled.key, provider=enrolled.provider) for part in arguments]
    ran = run("client", *filled, code=code)
    assert words in ran.err and ran.err.count("\n") == 2, "a sentence, and what to do"


def test_nothing_to_send_is_no_fault(run: Run, enrolled: Place) -> None:
    asked = ("client", "send", "--home", enrolled.home, "--out", enrolled / "nothing")
    assert run(*asked, "--json").document == {"sent": False, "to_send": 0}
    run(*asked, "--exit-code", code=10)
    assert not (enrolled / "nothing").exists()


def test_files_of_others_are_refused(run: Run, enrolled: Place, inputs: Path, cache: Path) -> None:
    other = Place(enrolled / "other")
    run("keygen", other.provider)
    run(*base_arguments(inputs, other.provider, other / "base"), "--cache", cache, "--no-progress")
    refused = run("client", "receive", other / "base", "--home", enrolled.home, code=3)
    assert "other_signer" in refused.err
    assert not list(enrolled.home.glob("inbox/*"))


def test_a_state_of_another_client_is_refused(run: Run, enrolled: Place) -> None:
    elsewhere = enrolled / "bob"
    run("client", "join", "--client", "bob", "--provider-key", enrolled.key, "--home", elsewhere)
    assert "belongs to another client" in run("client", "receive", enrolled / "alice.state", "--home", elsewhere, code=3).err
    assert State.from_file(enrolled / "alice.state").client_id == "alice"


def test_the_join_document_can_be_carried(run: Run, tmp_path: Path) -> None:
    arguments = ("client", "join", "https://unlearn.example.org", "--client", "carol", "--home", tmp_path / "carol")
    done = run(*arguments, "--invitation", "x" * 43, "--out", tmp_path / "join", "--json").document
    text = (tmp_path / "join/join.json").read_text()
    assert '"client_id":"carol"' in text and Home(tmp_path / "carol").key().public in text and not done["sent"]
    assert "PRIVATE" not in text
