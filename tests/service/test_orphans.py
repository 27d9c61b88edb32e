"""A worker that is killed between keeping what it is to judge and refusing it leaves copies: they are found, and removed once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from damaged import damaged
from hostile_site import kept
from service_world import Party, Site, every

from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof
from zkapex_jax.service import orphans, queue
from zkapex_jax.service.housekeeping import Rounds

#: A worker whose verifier is the moment at which it is killed: what it judges is kept by then, and nothing is recorded.
KILLED = """
import os, signal, sys
from zkapex_jax.prover import Prover
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.worker import Worker
Prover.verify = Prover.verify_enrolment = lambda *given, **more: os.kill(os.getpid(), signal.SIGKILL)
Worker.open(Settings.model_validate_json(sys.stdin.read())).step()
"""


def killed_at(site: Site) -> None:
    """One attempt at the job that is due, which is the last: the next look at it sets it aside."""
    settings = site.settings.model_copy(update={"queue": site.settings.queue.model_copy(update={"attempts": 1, "lease": 0.3})})
    ran = subprocess.run([sys.executable, "-c", KILLED], input=settings.model_dump_json(), text=True, capture_output=True, check=False)
    assert ran.returncode == -9, ran.stderr


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Milliseconds that the queue and the search for orphans are ahead."""
    ahead = [0]
    for module in (queue, orphans):
        real = module.moment
        monkeypatch.setattr(module, "moment", lambda _real=real: _real() + ahead[0])
    return ahead


def set_aside(site: Site, clock: list[int]) -> None:
    clock[0] += 2000
    once = site.settings.queue.model_copy(update={"attempts": 1, "lease": 0.3})
    assert queue.take(site.service.store, "another", once) is None


def enrolment_job(site: Site, party: Party, made: Any) -> str:
    body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(made.proof, "enrolment-proof")}
    return party.http.post("/v1/enrolments", json=body).json()["job"]


def test_copies_of_a_killed_worker_go(site: Site, party: Party, clock: list[int]) -> None:
    before, rounds = kept(site), Rounds(site.service)
    made = site.world.enrol(party.name, seed=91)
    job = enrolment_job(site, party, made)
    killed_at(site)
    left = {f"{kind.from_file(path).digest}.safetensors" for kind, path in ((Enrolment, made.enrolment), (EnrolmentProof, made.proof))}
    assert left <= kept(site) - before, "the fault that this is about: two copies, and points of the enrolment perhaps"
    set_aside(site, clock)
    assert party.job(job)["status"] == "failed"
    rounds.run()
    assert left < kept(site), "a worker that only fell silent may be at it still"
    clock[0] += int(1000 * site.settings.queue.longest)
    copies = [site.settings.provider / "artefacts" / name for name in sorted(left)]
    times = [path.stat().st_mtime for path in copies]
    for path in copies:
        os.utime(path, (0, times[0] + 2 * site.settings.queue.longest))
    Rounds(site.service).run()
    assert left < kept(site), "kept again since: a ledger from a backup may lack what came of it"
    for path, time in zip(copies, times, strict=True):
        os.utime(path, (0, time))
    rounds.run()
    assert kept(site) == before
    assert enrolment_job(site, party, made) == job and site.worker().step(), "sent again it is judged"
    assert party.job(job)["outcome"]["accepted"] and left < kept(site)
    clock[0] += int(2000 * site.settings.queue.longest)
    Rounds(site.service).run()
    assert left < kept(site), "what the ledger names stays"


def test_copies_that_a_newer_job_may_need_stay(site: Site, party: Party, clock: list[int], tmp_path: Path) -> None:
    """The client has sent another one meanwhile, and a worker is at it; when that has ended they go."""
    state = site.enrol(party, seed=92)
    honest = site.bundle(party, site.world.request(every(10, 1), 92), state)
    bad = damaged(honest, tmp_path / "bad", 7)
    before = kept(site)
    party.send_bundle(bad)
    killed_at(site)
    copy = f"{Bundle.from_file(bad).digest}.safetensors"
    assert copy in kept(site)
    set_aside(site, clock)
    clock[0] += int(1000 * site.settings.queue.longest)
    other = party.send_bundle(honest)["job"]
    task = queue.take(site.service.store, "busy", site.settings.queue)
    assert task is not None and task.id == other
    gone, place = orphans.remove_orphans(site.service.store, site.settings, site.service.provider)
    assert gone == [] and place[0] > 0 and copy in kept(site)
    with site.service.store.write() as session:
        assert queue.finish(session, task, "busy", queue.Outcome(accepted=True))
    gone, _ = orphans.remove_orphans(site.service.store, site.settings, site.service.provider)
    assert gone == [copy.removesuffix(".safetensors")] and {name for name in kept(site) - before if name == copy} == set()
