"""Two witnesses of one statement, and messages about either: of the Rust program on files, of the reference prover on a chunk."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np

for room in ("interop", "reference", "workflow"):
    sys.path.append(str(Path(__file__).parents[1] / room))

from chain_world import World, every  # noqa: E402
from interop_clients import PythonClient  # noqa: E402
from interop_files import Case  # noqa: E402
from ref_chunks import GAMMA, layout, make_statement, parsed  # noqa: E402
from ref_enrolments import ENROL, SIZE, distance  # noqa: E402
from ref_enrolments import make_statement as enrolment_statement  # noqa: E402
from ref_enrolments import make_witness as enrolment_witness  # noqa: E402
from secrets_transcripts import Exposed, read, read_enrolment  # noqa: E402

from reference_prover import srs as reference_strings  # noqa: E402
from reference_prover.bundle_online import OnlineSession  # noqa: E402
from reference_prover.compensation import compensate  # noqa: E402
from reference_prover.curve import curve  # noqa: E402
from reference_prover.enrolment import blinding as enrolment_blinding  # noqa: E402
from reference_prover.enrolment.blinding import EnrolmentBlinding  # noqa: E402
from reference_prover.enrolment.points import commit_statement as enrolled_points  # noqa: E402
from reference_prover.enrolment.prove import prove_chunk as prove_enrolment  # noqa: E402
from reference_prover.enrolment.statement import EnrolmentStatement  # noqa: E402
from reference_prover.enrolment.witness import EnrolmentWitness  # noqa: E402
from reference_prover.layout import of_tables  # noqa: E402
from reference_prover.plonk import ProvingKey, VerifyingKey  # noqa: E402
from reference_prover.rounds import blinding as blind  # noqa: E402
from reference_prover.rounds.blinding import Blinding  # noqa: E402
from reference_prover.rounds.online import squared_sums  # noqa: E402
from reference_prover.rounds.online import run as run_rounds  # noqa: E402
from reference_prover.rounds.points import commit_statement  # noqa: E402
from reference_prover.rounds.prove import prove_chunk  # noqa: E402
from reference_prover.srs import Srs  # noqa: E402
from reference_prover.statement import Statement  # noqa: E402
from reference_prover.transcript import Challenges  # noqa: E402
from reference_prover.witness import Witness  # noqa: E402
from zkapex_jax import workflow  # noqa: E402
from zkapex_jax.protocol import Update  # noqa: E402
from zkapex_jax.prover import Prover  # noqa: E402


@dataclass
class Answers:
    """Alice's folder after one answer, made again and again by the Rust program from either of two updates."""

    world: World
    honest: PythonClient
    other: PythonClient
    folder: Path
    runs: int = 0
    taken: tuple[list[dict[int, Exposed]], list[dict[int, Exposed]]] = field(default_factory=lambda: ([], []))

    @classmethod
    def of(cls, world: World) -> Answers:
        """Enrols alice, asks, answers; the other update moves some weights by one unit, within T1, T2 and D."""
        enrolled = world.enrol("alice")
        state, request = world.admit(enrolled.enrolment, enrolled.proof).state, world.request(every(20, 0), 1)
        made, proven = world.answer("alice", request, state)
        case = Case(
            tables=world.tool.tables, srs=world.tool.srs, enrolment=enrolled.enrolment, state=state, proof=proven.bundle, points=world.folder,
            request=request, allow_insecure=True,
        )  # fmt: skip
        client = PythonClient(case, workflow.ClientFolder.open(world.client("alice")).secret, made.update)
        answers = cls(world, client, client, world.folder)
        answers.other = replace(client, update=answers._moved(made.update))
        return answers

    @property
    def key(self) -> VerifyingKey:
        return self.honest.key.verifying

    @cached_property
    def session(self) -> OnlineSession:
        case, tables = self.honest.case, self.key.circuit.tables
        return OnlineSession.open(tables, self.key.srs, of_tables(tables), case.enrolment, case.request, case.state, case.proof, True)

    @cached_property
    def public(self) -> dict[int, tuple]:
        """Chunk -> statement and points, the same for both updates."""
        return {chunk: (self.session.statement(chunk), self.session.points(chunk)) for chunk, _ in self.session.chunks}

    @cached_property
    def witnesses(self) -> dict[int, tuple[Witness, Witness]]:
        """Chunk -> what stands behind the honest and behind the other update."""
        return {chunk: (self.honest._witness(self.session, chunk), self.other._witness(self.session, chunk)) for chunk, _ in self.session.chunks}

    def prove(self, client: PythonClient, seed: bytes | None = None) -> dict[int, Exposed]:
        """One run of the Rust program into a folder of its own: its accepted messages by chunk."""
        self.runs += 1
        out, case = self.folder / f"run-{self.runs}", client.case
        Prover.find(1).prove(
            case.tables, case.srs, case._proof_files(), secret=client.secret, update=client.update, out=out, insecure_blinding_seed=seed
        )
        return {chunk: read(self.key, *self.public[chunk], (out / f"chunk-{chunk:05}.proof").read_bytes()) for chunk in self.public}

    def messages(self, which: int, runs: int) -> list[dict[int, Exposed]]:
        """Runs of the honest (0) or the other update (1) under fresh blinding, kept for whoever asks again."""
        kept = self.taken[which]
        while len(kept) < runs:
            kept.append(self.prove((self.honest, self.other)[which]))
        return kept[:runs]

    def _moved(self, path: Path) -> Path:
        """A copy of the update with one weight in fifty moved by one unit where it is free, σ̂ as it was."""
        update, rng = Update.from_file(path), np.random.default_rng(5)
        theta = update.tensor("theta_u").copy()
        free = np.flatnonzero(~(self.session.request.mask | self.session.state.cumulative))
        chosen = rng.choice(free, len(free) // 50, replace=False)
        theta[chosen] += rng.choice([-1, 1], len(chosen)).astype(np.int32)
        tensors = {name: update.tensor(name) for name in update.container.specs} | {"theta_u": theta}
        fields = {name: getattr(update, name) for name in type(update).model_fields}
        return Update.parse(fields).to_file(self.folder / "moved.safetensors", tensors).path


@cache
def ceremony(k: int) -> Srs:
    return reference_strings.from_ceremony(k, curve())


@dataclass(frozen=True)
class Chunk:
    """One statement of the reference prover and two witnesses of it that share nothing but mask and forget rows."""

    key: ProvingKey
    statement: Statement
    witnesses: tuple[Witness, Witness]

    @classmethod
    def of(cls, weights: int = 120) -> Chunk:
        backend = curve()
        srs = ceremony(parsed().k)
        rng = np.random.default_rng(7)
        free = (rng.random(weights) >= 0.1).astype(np.uint8).tolist()
        forget = rng.integers(-40, 40, (layout().forget_rows, weights))
        found = []
        for _ in range(2):
            theta = np.rint(rng.normal(0, 3000, weights)).astype(int).tolist()
            rows = np.concatenate([rng.integers(-40, 40, (layout().client_rows, weights)), forget]).astype(np.int8)
            found.append(compensate(theta, free, rows, GAMMA))
        budget = 2 * max(sum(d * d for d, f in zip(one.delta, one.free) if f) for one in found)
        return cls(ProvingKey.of(parsed(), srs, backend), make_statement(found[0], budget=budget, srs=srs.digest), tuple(found))

    def message(self, witness: Witness, hidden: Blinding | None = None) -> Exposed:
        """A message under fresh blinding, or under this; commitments of the statement are made anew for each."""
        cells = hidden or blind.fresh(layout())
        points = commit_statement(self.key.verifying.srs, layout(), witness, cells)
        return read(self.key.verifying, self.statement, points, prove_chunk(self.key, self.statement, witness, points, cells))


@dataclass(frozen=True)
class Enrolled:
    """As `Chunk`, of an enrolment: two clients near one base, with all public numbers the same."""

    key: ProvingKey
    statement: EnrolmentStatement
    witnesses: tuple[EnrolmentWitness, EnrolmentWitness]

    @classmethod
    def of(cls, weights: int = 120) -> Enrolled:
        backend = curve()
        srs = ceremony(ENROL.k)
        one = enrolment_witness(weights, seed=1, forgotten=0.0)
        rng = np.random.default_rng(8)
        theta = tuple((np.array(one.theta_0) + rng.integers(-300, 301, weights)).tolist())
        two = replace(one, theta_p=theta, gradients=rng.integers(-30, 31, one.gradients.shape).astype(np.int8))
        d0 = 2 * max(map(distance, (one, two)))
        return cls(ProvingKey.of(ENROL, srs, backend), enrolment_statement(one, srs=srs.digest, d0=d0), (one, two))

    def message(self, witness: EnrolmentWitness, hidden: EnrolmentBlinding | None = None) -> Exposed:
        """As `Chunk.message`."""
        cells = hidden or enrolment_blinding.fresh(SIZE)
        points = enrolled_points(self.key.verifying.srs, SIZE, witness, cells)
        message = prove_enrolment(self.key, self.statement, witness, points, cells)
        return read_enrolment(self.key.verifying, self.statement, witness.free, points, message)


def is_true(key: VerifyingKey, statement: Statement, witness: Witness) -> bool:
    """Whether the sums of the witness are within the statement's limits."""
    claim, _ = run_rounds(key.circuit.tables, statement, witness, Challenges(bytes(64), 1, 1, 1))
    return all(total <= limit for total, limit in zip(squared_sums(claim), (statement.t1, statement.t2, statement.d), strict=True))

