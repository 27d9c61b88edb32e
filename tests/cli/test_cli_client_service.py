"""`zkapex client` against a service in a process of its own: from a personalised checkpoint to a receipt."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_fleet import Fleet, clockwork, free_port, invitation, serving
from cli_walk import Run, base_arguments, request_arguments

from zkapex_jax.client import Home
from zkapex_jax.client.retrying import Patience
from zkapex_jax.protocol import Bundle, Request, Update, load_public
from zkapex_jax.protocol.receipt import Receipt, check_receipt

pytest.importorskip("fastapi", reason="needs the extra [service]")

@pytest.fixture(scope="module")
def fleet(run: Run, inputs: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """alice has joined and enrolled, and a request is published."""
    port = free_port()
    made = Fleet(tmp_path_factory.mktemp("fleet"), f"http://127.0.0.1:{port}")
    tools = ("--cache", cache, "--no-progress")
    run("keygen", made.provider)
    run(*base_arguments(inputs, made.provider, made / "base"), *tools)
    with serving(made.provider, port, cache):
        joined = ("client", "join", made.url, "--client", "alice", "--home", made / "alice")
        run(*joined, "--invitation", invitation(made.provider, "alice"), "--provider-key", made.provider / "provider.key.pub")
        assert "then       zkapex client enrol" in run("client", "status", "--home", made / "alice").out
        assert "run `zkapex client enrol` first" in run("client", "unlearn", "--home", made / "alice", code=2).err
        run(
            "client", "enrol", "--home", made / "alice", "--model", inputs / "personal", "--data", inputs / "mine.safetensors", *tools
        )
        run(*request_arguments(inputs, made.provider, made / "request"), *tools)
        yield made


@dataclass(frozen=True)
class Walked:
    """What `unlearn` and `send` told, and the home as it was between them."""

    unlearned: dict[str, object]
    sent: dict[str, object]
    before: Path


@pytest.fixture(scope="module")
def walked_by_http(run: Run, fleet: Fleet, inputs: Path, cache: Path) -> Walked:
    """alice has answered, and the provider accepted."""
    home, tools = fleet / "alice", ("--cache", cache, "--no-progress", "--json")
    assert Home.open(home).state().position == 0
    made = ("client", "unlearn", "--home", home, "--model", inputs / "personal", "--save-model", fleet / "unlearned")
    unlearned = run(*made, *tools).document
    shutil.copytree(home, fleet / "before")
    refuse_first(run, fleet, cache)
    sent = run("client", "send", "--home", home, "--no-progress", "--json").document
    return Walked(unlearned, sent, fleet / "before")


def refuse_first(run: Run, fleet: Fleet, cache: Path) -> None:
    """A damaged proof is refused with a receipt, locks nobody out, and the answer is made again from proofs that are whole."""
    home = fleet / "damaged"
    shutil.copytree(fleet / "before", home)
    path = next(home.glob("requests/*/bundle.safetensors"))
    honest, bundle = path.read_bytes(), Bundle.from_file(path)
    tensors = {name: bundle.tensor(name) for name in bundle.container.specs}
    tensors["proof.00000"][-1] ^= 1
    Bundle.parse({name: getattr(bundle, name) for name in Bundle.model_fields}).to_file(path, tensors, force=True)
    secret = (home / "secret.safetensors").read_bytes()
    refused = run("client", "send", "--home", home, "--no-progress", code=3)
    assert "proof_refused" in refused.err and (home / "secret.safetensors").read_bytes() == secret
    receipt = Receipt.from_file(Home(home).receipt_file(Bundle.from_file(path).digest))
    assert not receipt.verdict.accepted and receipt.verdict.reason in refused.err
    assert "proof refused" in run("client", "send", "--home", home, "--no-progress", code=3).err, "the receipt is kept"
    told = run("client", "unlearn", "--home", home, "--cache", cache, "--no-progress").out
    assert str(fleet / "unlearned") in told, "where the model is, also when the answer is made again"
    assert path.read_bytes() == honest


def test_three_commands_from_a_checkpoint_to_a_receipt(run: Run, fleet: Fleet, inputs: Path, walked_by_http: Walked) -> None:
    unlearned, sent, home = walked_by_http.unlearned, walked_by_http.sent, Home.open(fleet / "alice")
    request = Request.from_file(fleet / "request")
    assert unlearned["request_id"] == request.request_id and not unlearned["resumed"] and unlearned["open"] == 1
    assert sent["accepted"] and sent["advanced"] and sent["position"] == 1
    assert sent["card"] == str(fleet / "unlearned" / "README.md") and sent["card_command"] is None
    assert "its signed receipt says so" in (fleet / "unlearned" / "README.md").read_text()
    admitted = home.receipt_file(home.state().enrolment_digest)
    key = ("--provider-key", fleet.provider / "provider.key.pub")
    run("receipt", "check", admitted, *key, "--enrolment", home.folder.enrolment, "--proof", home.folder.enrolment_proof)

    receipt, bundle = Receipt.from_file(sent["receipt"]), Bundle.from_file(unlearned["bundle"])
    check_receipt(receipt, load_public(fleet.provider / "provider.key.pub"), request=request, bundle=bundle, state=home.state())
    update = Update.from_file(next(home.path.glob("requests/*/update.safetensors")))
    assert not update.tensor("theta_u")[request.mask()].any()

    check_idle(run, home, fleet)
    interrupted = Home(fleet / "interrupted")
    shutil.copytree(walked_by_http.before, interrupted.path)
    assert "no request is open" in run("client", "unlearn", "--home", interrupted.path).out
    assert Receipt.from_file(interrupted.receipt_file(bundle.digest)) == receipt, "accepted while away: the receipt comes first"
    assert (interrupted.path / "secret.safetensors").read_bytes() == (home.path / "secret.safetensors").read_bytes()
    again = run("client", "send", "--home", walked_by_http.before, "--no-progress", "--json").document
    assert Receipt.from_file(again["receipt"]) == receipt, "the same answer again: the same receipt"
    check_cards(run, fleet, inputs, walked_by_http.before, again)


#: What the two say to machines when there is nothing to do.
IDLE = {"unlearn": {"request_id": None, "open": 0}, "send": {"sent": False, "to_send": 0}}


def check_idle(run: Run, home: Home, fleet: Fleet) -> None:
    """With nothing to do both are done, also where a model lies in the way of the next one; --exit-code tells that apart. Nothing changes."""
    before = contents(home.path)
    model = ("--model", fleet / "no-model", "--save-model", fleet / "unlearned")
    for command, words, more in (("unlearn", "no request is open", model), ("send", "nothing is to be sent", ())):
        call = ("client", command, "--home", home.path, "--no-progress", *more)
        assert words in run(*call).out and run(*call, "--json").document == IDLE[command]
        assert run(*call, "--exit-code", "--json", code=10).document == IDLE[command]
        quiet = run(*call, "--quiet", "--exit-code", code=10)
        assert quiet.out == quiet.err == ""
    assert contents(home.path) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def check_cards(run: Run, fleet: Fleet, inputs: Path, home: Path, again: dict[str, object]) -> None:
    """Twice writes the card twice; a model that has gone is named, and the command that is printed writes it again, or the card of one
    that moved."""
    assert again["card"] == str(fleet / "unlearned" / "README.md")
    shutil.move(fleet / "unlearned", fleet / "moved")
    shutil.copytree(home, fleet / "once-more", ignore=shutil.ignore_patterns("receipts"))
    told = run("client", "send", "--home", fleet / "once-more", "--no-progress", "--json").document
    assert told["card"] is None and "is gone" in told["card_problem"]
    words = shlex.split(told["card_command"])
    assert words[:5] == ["zkapex", "card", "UNLEARNED", "--from", "MODEL"]
    for model, more in (("moved", ()), ("written", ("--from", inputs / "personal"))):
        run("card", fleet / model, *more, *words[5:])
        assert "its signed receipt says so" in (fleet / model / "README.md").read_text()
    for name in ("flax_model.msgpack", "config.json"):
        assert (fleet / "written" / name).read_bytes() == (fleet / "moved" / name).read_bytes(), "the answer's weights, from what the home keeps"
    shutil.move(fleet / "moved", fleet / "unlearned")


def test_what_a_kill_left_undone_after_the_verdict_is_done(run: Run, fleet: Fleet, walked_by_http: Walked) -> None:
    """Between the receipt and the secret, and between that and the card: the same command again does the rest."""
    alice = Home(fleet / "alice")
    bundle = next(alice.path.glob("requests/*/bundle.safetensors"))
    kept = alice.receipt_file(Bundle.from_file(bundle).digest)
    for name, state in (("no-state", False), ("no-advance", True)):
        home = Home(fleet / name)
        shutil.copytree(fleet / "damaged", home.path, ignore=shutil.ignore_patterns("saved-model.json"))  # where the honest answer was never sent
        shutil.copy(kept, home.receipt_file(kept.stem))
        if state:
            shutil.copy(alice.state().path, home.state_file(alice.state().digest))
        ran = run("client", "send", "--home", home.path, "--no-progress", "--json")
        assert ran.document == IDLE["send"] if state else (ran.document["advanced"] and ran.document["leaves"] == [] and "left undone" in ran.err)
        assert (home.path / "secret.safetensors").read_bytes() == (alice.path / "secret.safetensors").read_bytes()
        assert "nothing is to be sent" in run("client", "send", "--home", home.path).out
    card = fleet / "unlearned" / "README.md"
    before = card.read_text()
    card.write_text("words of one's own\n")
    assert run("client", "send", "--home", alice.path, "--no-progress", "--json").document["card"] == str(card)
    assert "its signed receipt says so" in card.read_text() and "words of one's own" in card.read_text()
    card.write_text(before)


def test_an_answer_that_a_rule_refuses_leaves_a_signed_refusal(run: Run, fleet: Fleet, walked_by_http: Walked) -> None:
    """Another proof of the same answer, sent after one was accepted: a replay, which the provider signs."""
    home = Home(fleet / "late")
    shutil.copytree(walked_by_http.before, home.path)
    path = next(home.path.glob("requests/*/bundle.safetensors"))
    bundle = Bundle.from_file(path)
    tensors = {name: bundle.tensor(name) for name in bundle.container.specs}
    tensors["proof.00000"][-2] ^= 1  # another one than was refused by the verifier
    other = Bundle.parse({name: getattr(bundle, name) for name in Bundle.model_fields}).to_file(path, tensors, force=True)
    secret = (home.path / "secret.safetensors").read_bytes()
    refused = run("client", "send", "--home", home.path, "--no-progress", code=3)
    assert "replay" in refused.err and "signed refusal is kept" in refused.err
    assert (home.path / "secret.safetensors").read_bytes() == secret
    kept, key = home.refusal_file(other.digest), ("--provider-key", fleet.provider / "provider.key.pub")
    assert "refused (replay)" in run("receipt", "check", kept, *key, "--bundle", path).out
    taken = run("client", "receive", kept, "--home", home.path, "--json").document
    assert taken["received"][0]["kind"] == "refusal"
    audited = run("audit", "ledger", fleet.provider, "--receipts", home.path / "receipts", "--no-progress", "--json").document
    assert audited["whole"] and audited["receipts"] == len(list((home.path / "receipts").iterdir())) >= 2


def test_a_re_enrolment_is_sent_and_adopted(run: Run, fleet: Fleet, walked_by_http: Walked, inputs: Path, cache: Path) -> None:
    home = Home.open(fleet / "alice")
    before = home.folder.enrolment.read_bytes()
    run(*renew_arguments(fleet, inputs, home), "--cache", cache, "--no-progress")
    assert run("client", "status", "--home", home.path, "--json").document["renewal_waiting"]
    run("client", "send", "--home", home.path, "--out", fleet / "renewal")
    sent = run("client", "send", "--home", home.path, "--no-progress", "--json").document
    assert sent["position"] == 2 and home.folder.enrolment.read_bytes() != before
    assert (fleet / "renewal/enrolment.safetensors").read_bytes() == home.folder.enrolment.read_bytes()
    status = run("client", "status", "--home", home.path, "--json").document
    assert not status["renewal_waiting"] and status["position"] == 2


def renew_arguments(fleet: Fleet, inputs: Path, home: Home) -> tuple[object, ...]:
    return (
        "re-enrol", home.path, "--model", fleet / "unlearned", "--data", inputs / "mine.safetensors", "--state", home.state().path
    )  # fmt: skip


def test_joining_and_enrolling_again_change_nothing(run: Run, fleet: Fleet) -> None:
    home = fleet / "alice"
    before = (home / "client.key").read_bytes()
    run("client", "join", fleet.url, "--client", "alice", "--home", home)
    again = run("client", "enrol", "--home", home, "--no-progress", "--json").document
    assert again["sent"] and (home / "client.key").read_bytes() == before


def test_an_invitation_serves_once_and_for_one(run: Run, fleet: Fleet) -> None:
    token = invitation(fleet.provider, "bob")
    join = ("client", "join", fleet.url, "--client")
    assert "bad_invitation" in run(*join, "carol", "--home", fleet / "carol", "--invitation", token, code=3).err
    (fleet / "invitations").write_text(f"aaron  {'x' * 43}\nbob  {token}\n")
    run(*join, "bob", "--home", fleet / "bob", "--invitation", fleet / "invitations")
    run(*join, "bob", "--home", fleet / "bob", "--invitation", token)
    assert "already_joined" in run(*join, "bob", "--home", fleet / "bob-again", "--invitation", token, code=3).err
    assert not (fleet / "bob-again/membership.json").exists(), "who was refused has not joined"
    assert "is needed to join" in run(*join, "dora", "--home", fleet / "dora", code=2).err


def test_another_key_than_the_providers_is_refused(run: Run, fleet: Fleet) -> None:
    token = invitation(fleet.provider, "eve")
    join = ("client", "join", fleet.url, "--client", "eve", "--home", fleet / "eve", "--invitation", token)
    assert "other_signer" in run(*join, "--provider-key", Home.open(fleet / "alice").key().public, code=3).err


def test_another_client_sees_nothing_of_alice(run: Run, fleet: Fleet) -> None:
    run("client", "join", fleet.url, "--client", "mallory", "--home", fleet / "mallory", "--invitation", invitation(fleet.provider, "mallory"))
    stolen = fleet / "mallory"
    for name in ("enrolment.safetensors", "enrolment-proof.safetensors", "secret.safetensors", "openings.json"):
        shutil.copy(fleet / "alice" / name, stolen / name)
    refused = run("client", "enrol", "--home", stolen, "--no-progress", code=3)
    assert "other_client" in refused.err


def test_a_service_that_went_away(run: Run, fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience.__init__, "__defaults__", (2, 0.0, 0.0, lambda seconds: None, lambda words: None))
    home = tmp_path / "alice"
    shutil.copytree(fleet / "alice", home)
    membership = Home.open(home).membership
    Home.open(home).keep_membership(membership.model_copy(update={"url": f"http://127.0.0.1:{free_port()}"}))
    lost = run("client", "unlearn", "--home", home, code=4)
    assert "no connection" in lost.err and "no_connection: Check the network" in lost.err


def test_an_address_in_brackets_is_shown_whole(run: Run, fleet: Fleet, tmp_path: Path) -> None:
    home = Home(tmp_path / "a[b]")
    shutil.copytree(fleet / "alice", home.path)
    home.keep_membership(home.membership.model_copy(update={"url": "https://[fd91::1]:8443"}))
    told = run("client", "status", "--home", home.path).out
    assert "https://[fd91::1]:8443" in told and f"{home.path}/states/" in told


@pytest.mark.slow
def test_the_recipe_for_a_clock_answers_all_that_is_open(run: Run, fleet: Fleet, inputs: Path, cache: Path, walked_by_http: Walked, tmp_path: Path) -> None:
    """As it stands in the docs: two requests in one run; nothing in the next one; an error comes out as its exit code."""
    for number, share in enumerate((0.2, 0.4)):
        run(*request_arguments(inputs, fleet.provider, fleet / f"later-{number}"), "--sparsity", share, "--cache", cache, "--no-progress")
    alice = Home.open(fleet / "alice")
    before = alice.state().position
    for code in (0, 0):
        assert clockwork(fleet, inputs, cache, tmp_path) == code
        assert alice.state().position == before + 2 and (tmp_path / "my-model-unlearned/README.md").is_file()
    status = run("client", "status", "--home", alice.path, "--json").document
    assert not status["to_send"] and len(status["answered"]) == len(status["requests"]) == 3
    assert clockwork(fleet, inputs, cache, tmp_path, home=fleet / "nobody") == 2
