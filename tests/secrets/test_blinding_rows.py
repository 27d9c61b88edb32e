"""Blinding rows never repeat: across columns, rounds, chunks, runs, requests, enrolments, nor between one client and another.

The rows of a column are seen through their commitment: the column's less that of its content, which the test knows. Equal rows have
equal commitments. Where the client keeps a seed, the cells themselves are compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from secrets_transcripts import blinding_commitments
from secrets_world import Answers

from chain_world import every, open_world
from ref_chunks import layout
from reference_prover.chunk import commit_columns
from reference_prover.chunk_blinding import gradients as gradient_cells
from reference_prover.chunk_blinding import theta as theta_cells
from reference_prover.rounds.columns import weight_columns
from zkapex_jax import workflow
from zkapex_jax.protocol import ClientSecret, Enrolment, Update, chunk_name

SEED = bytes(range(32))


@dataclass
class Seen:
    """Commitments to blinding rows, each with where it was seen; cells that seeds expand to."""

    rows: list[tuple[str, bytes]] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    seeds: list[bytes] = field(default_factory=list)

    def repeated(self) -> list[str]:
        """Places whose blinding is that of another place."""
        count = Counter(point for _, point in self.rows)
        return [place for place, point in self.rows if count[point] > 1]

    def enrolled(self, name: str, answers: Answers, folder: Path) -> None:
        """Commitments of an enrolment file, and what the secret beside it expands to."""
        for place, columns in of_enrolment(answers, folder):
            self.add(f"{name}, {place}", columns)
        self.kept(*of_secret(folder))

    def answered(self, name: str, answers: Answers, which: int, seed: bytes | None = None) -> None:
        """Messages of one run, and the seeds in its records."""
        for chunk, columns in of_messages(answers, which, seed):
            self.add(f"{name}, chunk {chunk}", columns)
        self.kept(*of_records(answers.folder / f"run-{answers.runs}"))

    def kept(self, seeds: list[bytes], cells: list[int]) -> None:
        self.seeds, self.cells = self.seeds + seeds, self.cells + cells

    def add(self, place: str, columns: dict[str, bytes]) -> None:
        self.rows += [(f"{place}, {name}", point) for name, point in columns.items()]


def of_messages(answers: Answers, which: int, seed: bytes | None = None) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Chunk and blinding of one run's messages."""
    client = (answers.honest, answers.other)[which]
    for chunk, exposed in answers.prove(client, seed).items():
        yield chunk, blinding_commitments(answers.key, exposed, answers.witnesses[chunk][which])


def of_enrolment(answers: Answers, folder: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Blinding of the commitments to weights and rows in an enrolment file, chunk by chunk."""
    secret, enrolment = ClientSecret.from_file(folder / "secret.safetensors"), Enrolment.from_file(folder / "enrolment.safetensors")
    curve, srs = answers.key.curve, answers.key.srs
    for chunk in range(len(secret.layout.chunks)):
        part = slice(*secret.layout.bounds(chunk))
        values = [secret.tensor("theta")[part], *secret.tensor(chunk_name("gradients", chunk))]
        points = [enrolment.tensor("c_theta")[chunk], *enrolment.tensor("c_gradients")[chunk]]
        for row, (column, stored) in enumerate(zip(values, points, strict=True)):
            bare = commit_columns(srs, weight_columns(layout(), "", column.tolist(), None)).points
            found = {f"{row}.{lane}": _less(curve, stored[lane].tobytes(), point) for lane, point in enumerate(bare)}
            yield f"chunk {chunk}", found


def _less(curve, stored: bytes, content) -> bytes:
    return curve.encode(curve.add(curve.decode(stored, "commitment"), curve.negate(content)))


def of_secret(folder: Path) -> tuple[list[bytes], list[int]]:
    """Seeds of a secret file, and every cell that they expand to."""
    size, secret = layout(), ClientSecret.from_file(folder / "secret.safetensors")
    own, shared = [row.tobytes() for row in secret.tensor("theta_seeds")], secret.tensor("gradient_seed").tobytes()
    cells: list[int] = []
    for chunk, seed in enumerate(own):
        cells += _flat(theta_cells(seed, chunk, size.lanes, size.blinding_rows))
        for row in gradient_cells(shared, chunk, size.client_rows, size.lanes, size.blinding_rows):
            cells += _flat(row)
    return [*own, shared], cells


def of_records(folder: Path) -> tuple[list[bytes], list[int]]:
    """Seeds that proofs drew for new weights, from the records beside them, and their cells."""
    seeds, cells = [], []
    for record in sorted(folder.rglob("chunk-*.seed")):
        seed, chunk = bytes.fromhex(json.loads(record.read_text())["seed"]), int(record.stem[-5:])
        seeds.append(seed)
        cells += _flat(theta_cells(seed, chunk, layout().lanes, layout().blinding_rows))
    return seeds, cells


def _flat(columns: Iterable[Iterable[int]]) -> list[int]:
    return [cell for column in columns for cell in column]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("world")
    return Answers.of(open_world(folder, folder / "cache"))


def test_no_rows_repeat_over_a_clients_life(tmp_path: Path) -> None:
    """Two clients, and of the first: runs of one update, another update, the next request, a re-enrolment."""
    world = open_world(tmp_path, tmp_path / "cache")
    answers, seen = Answers.of(world), Seen()
    seen.enrolled("alice", answers, world.client("alice"))
    world.enrol("bob", seed=1)  # the same weights and rows as alice's
    seen.enrolled("bob", answers, world.client("bob"))
    for run, which in enumerate((0, 0, 1)):
        seen.answered(f"run {run} of update {which}", answers, which)
    state = settled(answers)
    second = another(answers, state)
    seen.answered("request 2", second, 0)
    renewed = world.renew("alice", settled(second), seed=3)
    seen.enrolled("alice, enrolled anew", answers, renewed.secret.parent)
    sent = 2 * layout().lanes + layout().bit_columns + 1
    enrolment = (1 + layout().client_rows) * layout().lanes
    assert len(seen.rows) == 2 * (4 * sent + 3 * enrolment)
    assert seen.repeated() == [] and bytes([0xC0]) + bytes(47) not in [point for _, point in seen.rows]
    assert len(seen.seeds) == len(set(seen.seeds)) == 3 * 3 + 4 * 2
    assert len(seen.cells) == len(set(seen.cells)) == 2 * layout().lanes * layout().blinding_rows * (3 * (1 + layout().client_rows) + 4)


def settled(answers: Answers) -> Path:
    """The client's bundle is accepted, and its secret advances; the next state."""
    case, world = answers.honest.case, answers.world
    verdict = workflow.verify(world.tool, world.provider, case.proof, allow_insecure=True)
    assert verdict.accepted and verdict.state is not None
    workflow.advance(folder=world.client("alice"), request=case.request, update=answers.honest.update, bundle=case.proof, state=verdict.state)
    return verdict.state


def another(answers: Answers, state: Path) -> Answers:
    """Alice's answer to a second request."""
    world = answers.world
    request, folder = world.request(every(20, 7), 2), world.folder / "second"
    made, proven = world.answer("alice", request, state)
    client = replace(answers.honest, case=replace(answers.honest.case, state=state, request=request, proof=proven.bundle), update=made.update)
    folder.mkdir()
    return Answers(world, client, client, folder)


@pytest.mark.parametrize("which", [0, 1], ids=["the same update", "another update"])
def test_one_seed_for_two_proofs_is_found(answers: Answers, which: int) -> None:
    """`--insecure-blinding-seed` draws the same rows again, whatever stands beside them: the test above would say so."""
    seen = Seen()
    seen.answered("first", answers, 0, SEED)
    seen.answered("second", answers, which, SEED)
    assert len(seen.repeated()) == len(seen.rows) and len(set(seen.seeds)) == 2 < len(seen.seeds)


def test_without_blinding_every_column_has_the_same_rows(answers: Answers) -> None:
    """Of a column without blinding nothing is left; two such columns are found as one."""
    secret = Update.from_file(answers.honest.update).tensor("theta_u")
    columns = weight_columns(layout(), "", secret[: layout().capacity].tolist(), None)
    bare = commit_columns(answers.key.srs, columns)
    left = {f"lane {lane}": _less(answers.key.curve, data, point) for lane, (data, point) in enumerate(zip(bare.data, bare.points, strict=True))}
    seen = Seen()
    seen.add("bare", left)
    assert len(seen.repeated()) == layout().lanes and np.unique(list(left.values())).size == 1
