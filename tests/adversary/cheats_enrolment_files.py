"""Cheats with the files of an enrolment: another base, another place in the chain, other people's commitments."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
from adversary_bench import Bench
from adversary_cheat import ENROL, INPUT, REFUSED, Cheat, add, enrolling, renewal
from adversary_files import swapped
from adversary_proofs import Cheating, Enrolling
from bundle_world import part
from interop_alterations import INFINITY

from reference_prover import containers
from reference_prover.enrolment.prove import EnrolmentChunkProver

FIRST, SECOND = "proof.00000", "proof.00001"
PROOF = "enrolment-proof"
Change = Callable[[Enrolling], object]


def files(name: str, what: str, caught: str, error: str, change: Change, *, made: str = "", prove: bool = False, cheats: dict[int, Cheating] | None = None, start=enrolling) -> None:
    def play(bench: Bench, folder: Path) -> Enrolling:
        one = start(bench, folder)
        change(one)
        return one.prove(cheats) if prove else one

    add(Cheat(f"enrol.files.{name}", what, "0", ENROL, made or ("files changed, then proven as they are" if prove else "files changed after the proof"), caught, error, play))


def fields(kind: str, **values: object) -> Change:
    def change(play: Enrolling) -> None:
        play.files.parts[kind].fields |= deepcopy(values)
        play.files.kept |= {(kind, name) for name in values}

    return change


def messages(other: Callable[[dict], dict]) -> Change:
    def change(play: Enrolling) -> None:
        proof = play.files.parts[PROOF]
        proof.tensors = other(dict(proof.tensors))
        proof.fields["chunks"] = sorted(int(name[-5:]) for name in proof.tensors)

    return change


def tensor(kind: str, name: str, other: Callable[[np.ndarray], np.ndarray]) -> Change:
    def change(play: Enrolling) -> None:
        play.files.parts[kind].tensors[name] = other(play.files.parts[kind].tensors[name])

    return change


OTHER = "77" * 32
files("chunks_swapped", "the proofs of two chunks change places", "enrol.transcript.chunk", REFUSED, messages(lambda m: {FIRST: m[SECOND], SECOND: m[FIRST]}))
files("chunk_omitted", "a chunk is enrolled without a proof", "enrolment.chunks", INPUT, messages(lambda m: {FIRST: m[FIRST]}))
files("chunk_too_many", "a proof of a chunk that is not enrolled", "enrolment.chunks", INPUT, messages(lambda m: m | {"proof.00002": m[FIRST]}))
files("trailing", "a message goes on after its end", "plonk.length", REFUSED, messages(lambda m: m | {FIRST: np.append(m[FIRST], np.uint8(0))}))
for field in ("enrolment_digest", "base_digest", "enrol_tables_digest", "srs_digest", "state_digest"):
    files(f"proof.{field}", f"the proof names another {field.removesuffix('_digest').replace('_', ' ')}", "enrolment.digests", INPUT, fields(PROOF, **{field: OTHER}))
files("proof.client_id", "the proof says that it is another client's", "enrolment.proof_client", INPUT, fields(PROOF, client_id="bob"))
files("proof.insecure", "the proof hides that its preset is a toy", "enrolment.proof_insecure", INPUT, fields(PROOF, insecure=False))


def as_bob(play: Enrolling) -> None:
    for kind in ("enrolment", PROOF):
        play.files.parts[kind].fields["client_id"] = "bob"


files("client", "one client's enrolment serves another", "enrol.transcript.client", REFUSED, as_bob, made="enrolment and proof say bob; all digests fit")
files("lanes", "commitments to weights change lanes", "plonk.opening", REFUSED, tensor("enrolment", "c_theta", lambda c: swapped(c, (0, 0), (0, 1))), prove=True)
files("rows", "commitments to two rows change places", "plonk.opening", REFUSED, tensor("enrolment", "c_gradients", lambda c: swapped(c, (0, 0), (0, 1))), prove=True)
files("chunks", "commitments to weights change chunks", "plonk.opening", REFUSED, tensor("enrolment", "c_theta", lambda c: swapped(c, (0,), (1,))), prove=True)


def bobs_rows(play: Enrolling) -> None:
    play.files.parts["enrolment"].tensors["c_gradients"][0] = play.bench.enrolment_parts(play.bench.bob).tensors["c_gradients"][0]


files("copied", "another client's commitments are enrolled", "plonk.opening", REFUSED, bobs_rows, prove=True)
files("base.public", "commitments of the base model are not those of its weights", "base.public", INPUT, tensor("base", "c_base", lambda c: swapped(c, (0, 0), (0, 1))), prove=True)


def double_distance(play: Enrolling) -> None:
    """D0 is raised by its receiver; the provider's signature stays."""
    before = containers.read(play.files.write(play.folder)["base"], "base").signature
    base = play.files.parts["base"].fields
    base["distance"] = [2 * one for one in base["distance"]]
    play.files.signers["base"] = lambda _: before


files("base.distance", "D0 of the base is raised by its receiver", "base.signature", REFUSED, double_distance, prove=True)


def other_weights(play: Enrolling) -> None:
    play.files.parts["base"].tensors["theta0"][0] += 1
    theta = play.files.parts["base"].tensors["theta0"]
    points = play.bench.commit_public(part(theta, 0))
    play.files.parts["base"].tensors["c_base"][0] = np.frombuffer(b"".join(points.data), np.uint8).reshape(-1, 48)


files("base.weights", "the base holds other weights than it names", "base.weights", INPUT, other_weights, prove=True)
files("base.tables", "the base names other tables for enrolment", "enrolment.tables", INPUT, fields("base", enrol_tables_digest=OTHER))
files("enrolment.tables", "the enrolment names other tables for answers", "enrolment.made", INPUT, fields("enrolment", tables_digest=OTHER), prove=True)
files("enrolment.model", "the enrolment is about another model", "enrolment.model", INPUT, lambda play: play.files.parts["enrolment"].fields["model"].update(name="letters"), prove=True)
files("enrolment.layout", "the enrolment selects other tensors", "enrolment.cut", INPUT, lambda play: play.files.parts["enrolment"].fields.update(layout=play.bench.made["layout"] | {"pattern": "**/bias"}), prove=True)
files("enrolment.srs_insecure", "the enrolment marks its reference string wrongly", "enrolment.srs_insecure", INPUT, fields("enrolment", srs_insecure=True), prove=True)


def as_first(play: Enrolling) -> None:
    """A renewal's proof without the state that it replaces."""
    del play.files.parts["state"]
    play.files.parts[PROOF].fields["state_digest"] = ""


files("renewal.as_first", "a renewal is shown as a first enrolment", "enrol.transcript.state", REFUSED, as_first, start=renewal)
files("renewal.client", "a renewal of another client's state", "enrolment.state_client", INPUT, fields("state", client_id="bob"), prove=True, start=renewal)
files("renewal.layout", "a renewal of other tensors", "enrolment.state_cut", INPUT, lambda play: play.files.parts["state"].fields.update(layout=play.bench.made["layout"] | {"pattern": "**/bias"}), prove=True, start=renewal)


def of_itself(play: Enrolling) -> None:
    """The state that is replaced belongs to this very enrolment."""
    play.files.kept.discard(("state", "enrolment_digest"))


files("renewal.of_itself", "a renewal of itself", "enrolment.replaced", INPUT, of_itself, prove=True, start=renewal)


def empty_row(bench: Bench, folder: Path) -> Enrolling:
    client = bench.new_client("alice")
    part(client.gradients, 0)[0, ::4] = 0
    play = Enrolling.of(bench, client, folder)
    play.files.parts["enrolment"].tensors["c_gradients"][0, 0, 0] = np.frombuffer(INFINITY, np.uint8)
    return play


def unblinded_row(prover: EnrolmentChunkProver) -> None:
    prover.blinding.gradients[0][0][:] = [0] * prover.layout.blinding_rows


files("infinity", "an enrolled commitment that hides nothing", "enrolment.hiding", INPUT, lambda _: None, prove=True, cheats={0: Cheating({1: unblinded_row})}, start=empty_row, made="a row of zeros without blinding rows")
