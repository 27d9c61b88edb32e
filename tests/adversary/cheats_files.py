"""Cheats with files: proofs, commitments and statements moved to where they do not belong. Digests always fit what is written."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
from adversary_bench import Bench, seed
from adversary_cheat import INPUT, ONLINE, REFUSED, Cheat, add, answer
from adversary_files import swapped
from adversary_proofs import Answer, Cheating
from bundle_world import CHUNKS, part
from interop_alterations import INFINITY

from reference_prover import containers
from reference_prover.chunk import Commitments
from reference_prover.rounds import columns
from reference_prover.rounds.prove import ChunkProver
from reference_prover.statement import rules

FIRST, SECOND = "proof.00000", "proof.00001"
Change = Callable[[Answer], object]


def files(name: str, what: str, caught: str, error: str, change: Change, *, made: str = "", prove: bool = False, cheats: dict[int, Cheating] | None = None, start=answer) -> None:
    """`change` acts on the files of a proven answer; with `prove` on those before the proof, which is then made for them."""

    def play(bench: Bench, folder: Path) -> Answer:
        one = start(bench, folder)
        change(one)
        return one.prove(cheats) if prove else one

    add(Cheat(f"files.{name}", what, "0", ONLINE, made or ("files changed, then proven as they are" if prove else "files changed after the proof"), caught, error, play))


def fields(kind: str, **values: object) -> Change:
    """Other header fields. What names another file stays as it is given."""

    def change(play: Answer) -> None:
        play.files.parts[kind].fields |= deepcopy(values)
        play.files.kept |= {(kind, name) for name in values}

    return change


def tensor(kind: str, name: str, other: Callable[[np.ndarray], np.ndarray]) -> Change:
    def change(play: Answer) -> None:
        play.files.parts[kind].tensors[name] = other(play.files.parts[kind].tensors[name])

    return change


def messages(other: Callable[[dict], dict]) -> Change:
    def change(play: Answer) -> None:
        bundle = play.files.parts["bundle"]
        bundle.tensors = other(dict(bundle.tensors))
        bundle.fields["chunks"] = sorted(int(name[-5:]) for name in bundle.tensors)

    return change


# proofs in the wrong place
files("bundle.chunks_swapped", "the proofs of two chunks change places", "online.transcript.chunk", REFUSED, messages(lambda m: {FIRST: m[SECOND], SECOND: m[FIRST]}))
files("bundle.chunk_as_another", "the proof of chunk 1 serves as that of chunk 0", "online.transcript.chunk", REFUSED, messages(lambda m: m | {FIRST: m[SECOND]}))
files("bundle.chunk_omitted", "a chunk that the request touches is left out", "bundle.chunks", INPUT, messages(lambda m: {SECOND: m[SECOND]}))
files("bundle.reordered", "chunks are named in another order", "artefact.form", INPUT, fields("bundle", chunks=[1, 0]))
files("bundle.truncated", "a message ends too early", "plonk.length", REFUSED, messages(lambda m: m | {FIRST: m[FIRST][:-1]}))
files("bundle.trailing", "a message goes on after its end", "plonk.length", REFUSED, messages(lambda m: m | {FIRST: np.append(m[FIRST], np.uint8(0))}))
files("bundle.headless", "a message without its proof", "plonk.length", REFUSED, messages(lambda m: m | {FIRST: m[FIRST][: 12 * 48]}))


def only_first(bench: Bench, folder: Path) -> Answer:
    """A request that touches chunk 0 alone."""
    mask = bench.mask()
    part(mask, 1)[:] = False
    return Answer.of(bench, bench.new_client("alice"), folder, mask=mask).prove()


files("bundle.chunk_too_many", "the bundle holds a chunk that the request does not touch", "bundle.chunks", INPUT, messages(lambda m: m | {SECOND: m[FIRST]}), start=only_first)

# what the bundle says of itself
OTHER = "77" * 32
for field, check, what in (
    ("tables_digest", "bundle.made", "the bundle names other tables"),
    ("srs_digest", "bundle.made", "the bundle names another reference string"),
    ("enrolment_digest", "bundle.enrolment_digest", "the bundle names a stale enrolment"),
    ("request_digest", "bundle.request_digest", "the bundle names another request"),
    ("state_digest", "bundle.state_digest", "the bundle names another state"),
):
    files(f"bundle.{field}", what, check, INPUT, fields("bundle", **{field: OTHER}))
files("bundle.client_id", "the bundle says that it is another client's", "bundle.client", INPUT, fields("bundle", client_id="bob"))
files("bundle.preset", "the bundle names another preset", "artefact.preset", INPUT, fields("bundle", preset="ceremony-4096"))
files("bundle.insecure", "the bundle hides that its preset is a toy", "bundle.insecure", INPUT, fields("bundle", insecure=False))


def strictly(play: Answer) -> None:
    play.allow_insecure = False


files("insecure", "a toy preset or an insecure reference string, where only sound ones are allowed", "verify.secure", REFUSED, strictly, made="honest files, no permission")


# statements moved: another client, another request, another state
def as_bob(play: Answer) -> None:
    for kind in ("enrolment", "state", "bundle"):
        play.files.parts[kind].fields["client_id"] = "bob"


def double_budget(play: Answer) -> None:
    """The request with another D, and the signature that the provider gave it before."""
    before = containers.read(play.files.write(play.folder)["request"], "request").signature
    request = play.files.parts["request"].fields
    request["budget"] = [2 * one for one in request["budget"]]
    play.files.signers["request"] = lambda _: before


files("client", "one client's proofs serve another", "online.transcript.client", REFUSED, as_bob, made="enrolment, state and bundle say bob; all digests fit")
files("replay", "an answer to an earlier request serves for one with the same mask", "online.transcript.request", REFUSED, fields("request", nonce=seed("later").hex(), request_id="request-2"))
files("budget.request", "D of the request is raised by its receiver", "request.signature", REFUSED, double_budget, prove=True)
files("enrolment.stale", "proofs for an enrolment serve another with the same commitments", "online.transcript.enrolment", REFUSED, fields("enrolment", created="2026-02-01T12:00:00Z"))
files("state.position", "proofs from one state serve a later one with the same commitments", "online.transcript.state", REFUSED, fields("state", position=3))


files("request.unsigned", "a request without signature", "request.signature", REFUSED, lambda play: play.files.unsigned.add("request"))


class Overdrawn(Answer):
    def statement(self, chunk, digests):
        said = super().statement(chunk, digests)
        return replace(said, d=said.d + 1) if chunk == 0 else said


class Damped(Answer):
    def statement(self, chunk, digests):
        said = super().statement(chunk, digests)
        gamma = said.gamma // 3 * 4
        t1, t2 = rules(gamma, said.weights, self.bench.size.rows)
        return replace(said, gamma=gamma, t1=t1, t2=t2) if chunk == 0 else said


def playing(kind: type[Answer]) -> Callable[[Bench, Path], Answer]:
    def start(bench: Bench, folder: Path) -> Answer:
        one = answer(bench, folder)
        return kind(**{name: getattr(one, name) for name in one.__dataclass_fields__})

    return start


AGAIN = {0: Cheating()}
files("budget.statement", "D of one's own", "online.column.w_const", REFUSED, lambda _: None, made="D + 1 in transcript and constant", prove=True, cheats=AGAIN, start=playing(Overdrawn))
files("damping.statement", "γ̂, T1 and T2 of one's own", "online.column.v", REFUSED, lambda _: None, made="4/3 of γ̂ and what follows, in transcript and columns", prove=True, cheats=AGAIN, start=playing(Damped))

# commitments in the wrong place
files("state.lanes", "commitments to weights change lanes", "plonk.opening", REFUSED, tensor("state", "c_theta", lambda c: swapped(c, (0, 0), (0, 1))), prove=True)
files("state.chunks", "commitments to weights change chunks", "plonk.opening", REFUSED, tensor("state", "c_theta", lambda c: swapped(c, (0,), (1,))), prove=True)
files("enrolment.lanes", "commitments to a row change lanes", "plonk.opening", REFUSED, tensor("enrolment", "c_gradients", lambda c: swapped(c, (0, 2, 0), (0, 2, 1))), prove=True)
files("enrolment.rows", "commitments to two rows change places", "plonk.opening", REFUSED, tensor("enrolment", "c_gradients", lambda c: swapped(c, (0, 1), (0, 2))), prove=True)
files("enrolment.chunks", "commitments to rows change chunks", "plonk.opening", REFUSED, tensor("enrolment", "c_gradients", lambda c: swapped(c, (0,), (1,))), prove=True)
files("request.forget_rows", "commitments of the forget rows change places", "request.public", INPUT, tensor("request", "c_forget", lambda c: swapped(c, (0, 0), (0, 1))), prove=True)
files("request.free", "commitments of the mask are those of another chunk", "request.public", INPUT, tensor("request", "c_free", lambda c: swapped(c, (0,), (1,))), prove=True)


def bobs_rows(play: Answer) -> None:
    play.files.parts["enrolment"].tensors["c_gradients"][0] = play.bench.enrolment_parts(play.bench.bob).tensors["c_gradients"][0]


files("enrolment.copied", "commitments to another client's rows are enrolled", "plonk.opening", REFUSED, bobs_rows, prove=True)


def other_rows(play: Answer) -> None:
    """The file keeps its header, and so its digest; the tensor is one that was chosen when the mask was known."""
    own = play.bench.new_client("late")
    old, play.shown["c_gradients"] = play.files.parts["enrolment"].tensors["c_gradients"], play.bench.enrolment_parts(own).tensors["c_gradients"]
    fresh = Answer.of(play.bench, replace(play.client, gradients=own.gradients, seeds=play.client.seeds | {"gradients": own.seeds["gradients"]}), play.folder / "fresh")
    play.client, play.witnesses = fresh.client, fresh.witnesses
    play.files.parts["request"].fields["budget"] = fresh.files.parts["request"].fields["budget"]

    def patch(paths: dict[str, Path]) -> None:
        data = paths["enrolment"].read_bytes()
        paths["enrolment"].write_bytes(data.replace(old.tobytes(), play.shown["c_gradients"].tobytes()))

    play.after = patch


files("enrolment.swapped_under_digest", "rows are exchanged under the digest of an enrolment", "container.sha256", INPUT, other_rows, prove=True)


def older_weights(play: Answer) -> None:
    """The ledger has moved on; the client starts from what it enrolled."""
    play.shown["c_theta"] = play.files.parts["enrolment"].tensors["c_theta"]
    play.files.parts["state"].tensors["c_theta"] = play.bench.committed_theta(play.client.theta, seed("moved on"))


files("state.older_weights", "the answer starts from older weights than the ledger's", "bundle.points.state", REFUSED, older_weights, prove=True)

# what the files must agree on
OTHER_LAYOUT = lambda play: play.files.parts["state"].fields.update(layout=play.bench.made["layout"] | {"pattern": "**/bias"})
files("state.layout", "the ledger's state is of other tensors", "bundle.cut", INPUT, OTHER_LAYOUT, prove=True)
files("request.model", "the request is about another model", "bundle.model", INPUT, lambda play: play.files.parts["request"].fields["model"].update(name="letters"), prove=True)
files("enrolment.srs_insecure", "the enrolment marks its reference string wrongly", "bundle.srs_insecure", INPUT, fields("enrolment", srs_insecure=True), prove=True)
files("enrolment.fixed_point", "the enrolment says another unit", "enrolment.fixed_point", INPUT, fields("enrolment", fixed_point_bits=20), prove=True)
files("request.rules", "the request names another rule for T1", "request.rules", INPUT, fields("request", rules={"t1": "gamma^2*d", "t2": "32*rows*gamma"}), prove=True)


def drop_second(play: Answer) -> None:
    """The mask touches both chunks, the request speaks of the first."""
    request = play.files.parts["request"]
    request.fields |= {"touched": [0], "budget": request.fields["budget"][:1]}
    request.tensors = {name: value[:1] if name.startswith("c_") else value for name, value in request.tensors.items() if name != "h.00001"}
    del play.witnesses[1]


files("request.touched", "the request leaves out a chunk that its mask touches", "request.touched", INPUT, drop_second, prove=True)


def off_grid(bench: Bench, folder: Path) -> Answer:
    client = bench.new_client("alice")
    client.gamma = [5 << 11] * len(CHUNKS)
    return Answer.of(bench, client, folder)


files("enrolment.gamma", "a damping off the public grid tells more of the client's gradients", "enrolment.gamma", INPUT, lambda _: None, prove=True, start=off_grid)


# points that are not what they should be
def torsion(prover: ChunkProver) -> None:
    """Com(theta_u) of lane 0 plus a point of order three: another encoding of the same column."""

    def round_1() -> None:
        curve, claim = prover.srs.curve, prover.rounds.claim
        honest = prover._commit(columns.weight_columns(prover.layout, "theta_u", claim.theta_u, prover.blinding.theta_u))
        prover.theta_u = Commitments.of(curve, [curve.add(honest.points[0], curve.from_affine(0, 2)), *honest.points[1:]])
        prover.y = prover._commit(columns.y_columns(prover.layout, claim, prover.blinding))
        prover.r = prover.transcript.round_1(prover.theta_u.data, prover.y.data)
        prover.rounds.round_2(prover.r)

    prover.round_1 = round_1


files("point.torsion", "a commitment outside the subgroup: one column with two encodings", "point.subgroup", REFUSED, lambda _: None, prove=True, cheats={0: Cheating({1: torsion})}, made="Com(θ̂u) + a point of order 3, absorbed as sent")


def empty_lane(bench: Bench, folder: Path) -> Answer:
    """Every weight of lane 0 is masked."""
    mask = bench.mask()
    part(mask, 0)[::4] = True
    return Answer.of(bench, bench.new_client("alice"), folder, mask=mask)


def unblinded(prover: ChunkProver) -> None:
    prover.blinding.theta_u[0][:] = [0] * prover.layout.blinding_rows


files("point.infinity_sent", "a commitment that hides nothing", "message.hiding", REFUSED, lambda _: None, prove=True, cheats={0: Cheating({1: unblinded})}, start=empty_lane, made="a lane of zeros without blinding rows")


def empty_row(bench: Bench, folder: Path) -> Answer:
    client = bench.new_client("alice")
    part(client.gradients, 0)[0, ::4] = 0
    play = Answer.of(bench, client, folder)
    play.files.parts["enrolment"].tensors["c_gradients"][0, 0, 0] = np.frombuffer(INFINITY, np.uint8)
    return play


def unblinded_row(prover: ChunkProver) -> None:
    prover.blinding.gradients[0][0][:] = [0] * prover.layout.blinding_rows


files("point.infinity_enrolled", "an enrolled commitment that hides nothing", "bundle.points.hiding", INPUT, lambda _: None, prove=True, cheats={0: Cheating({1: unblinded_row})}, start=empty_row, made="a row of zeros without blinding rows")
