"""Many uploads at once, a worker killed, the server killed and started again: is every acknowledged upload judged exactly once?

    python tests/service/service_load.py FOLDER --clients 10000 --honest 50 --damaged 0 [--database URL]

Prints a record as JSON; fails where one was lost, judged twice or judged wrongly.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "workflow")]

from chain_world import World, every, open_world  # noqa: E402
from damaged import damaged  # noqa: E402
from deployment import Deployment  # noqa: E402
from service_world import PIECE  # noqa: E402
from synthetic_fleet import fill  # noqa: E402

from zkapex_jax.formats.atomic import make_directory  # noqa: E402
from zkapex_jax.protocol import Bundle, SigningKey, generate_key  # noqa: E402
from zkapex_jax.protocol.http_auth import SignedCalls  # noqa: E402
from zkapex_jax.service import clients  # noqa: E402
from zkapex_jax.service.settings import Settings  # noqa: E402
from zkapex_jax.service.store import Store  # noqa: E402
from zkapex_jax.workflow.ledger_place import keep_url  # noqa: E402

_PATIENCE = 600.0
#: Answers that a client tries again after.
_AGAIN = {401, 423, 429, 500, 502, 503}


@dataclass(frozen=True)
class Parcel:
    """A bundle to send, and what must become of it."""

    client: str
    key: SigningKey
    path: Path
    digest: str
    honest: bool


@dataclass
class Sent:
    """What was acknowledged, and what came of it: seconds until the acknowledgement, job, outcome, how often a call was repeated."""

    parcel: Parcel
    acknowledged: float = 0.0
    job: dict[str, Any] = field(default_factory=dict)
    repeated: int = 0


def prepare(folder: Path, cache: Path, *, database: str | None, fleet: int, honest: int, refused: int) -> tuple[World, list[Parcel]]:
    """A provider whose ledger has `fleet` synthetic clients, real ones that are enrolled, and their bundles."""
    if database is not None:
        keep_url(make_directory(folder / "provider"), database)
    world = open_world(folder, cache)
    shutil.copy(folder / "provider.key", world.provider.path / "provider.key")
    if fleet:
        fill(world.provider.ledger, fleet)
    names = [f"honest-{number:03}" for number in range(honest)] + [f"broken-{number}" for number in range(min(2, refused))]
    states = {}
    for seed, name in enumerate(names, start=1):
        made = world.enrol(name, seed=seed)
        states[name] = world.admit(made.enrolment, made.proof).state
    request, parcels = world.request(every(9, 0), 1), []
    store = Store.open(Settings(provider=world.provider.path))
    tokens = dict(zip(names, clients.invite(store, names, lifetime=3600), strict=True))
    clients.invite(store, clients.numbered("edge-00000", fleet), lifetime=3600)
    store.close()
    for name in names:
        key = generate_key(folder / f"{name}.key")
        (folder / f"{name}.invitation").write_text(tokens[name])
        bundle = world.answer(name, request, states[name])[1].bundle
        if name.startswith("honest"):
            parcels.append(Parcel(name, key, bundle, Bundle.from_file(bundle).digest, True))
            continue
        share = range(int(name[-1]), refused, 2)
        copies = [damaged(bundle, folder / f"{name}-{number}.bundle", number) for number in share]
        parcels += [Parcel(name, key, path, Bundle.from_file(path).digest, False) for path in copies]
    return world, parcels


def insist(sent: Sent, call: Callable[[], httpx.Response]) -> httpx.Response:
    """Repeat a call, signed anew, until the server is there and answers it."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        try:
            answer = call()
            if answer.status_code not in _AGAIN:
                return answer
        except httpx.TransportError:
            pass
        sent.repeated += 1
        time.sleep(0.2)
    raise AssertionError(f"no answer for {sent.parcel.client}")


def send(url: str, sent: Sent, begun: float) -> None:
    """Upload in pieces, from wherever the server says that it stands; hand in; wait for the verdict."""
    data = sent.parcel.path.read_bytes()
    declared = {"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
    with httpx.Client(base_url=url, auth=SignedCalls(sent.parcel.key), timeout=120) as http:
        while True:
            upload = insist(sent, lambda: http.post("/v1/uploads", json=declared)).json()
            if upload["whole"]:
                break
            start = upload["offset"]
            piece, headers = data[start : start + 4000], PIECE | {"Upload-Offset": str(start)}
            insist(sent, lambda: http.patch(f"/v1/uploads/{upload['upload']}", content=piece, headers=headers))  # noqa: B023
        answer = insist(sent, lambda: http.post("/v1/bundles", json={"bundle": upload["upload"]}))
        assert answer.status_code == 202, answer.text
        sent.job, sent.acknowledged = answer.json(), time.monotonic() - begun
        while sent.job["status"] in ("queued", "running"):
            time.sleep(0.5)
            sent.job = insist(sent, lambda: http.get(f"/v1/jobs/{sent.job['job']}")).json()


def join(url: str, folder: Path, parcels: list[Parcel]) -> None:
    for name, key in {parcel.client: parcel.key for parcel in parcels}.items():
        body = {"client_id": name, "invitation": (folder / f"{name}.invitation").read_text(), "public": key.public}
        answer = httpx.post(f"{url}/v1/clients", json=body, auth=SignedCalls(key), timeout=60)
        assert answer.status_code in (200, 201), answer.text


def disturb(server: Deployment, all_sent: list[Sent]) -> dict[str, Any]:
    """Kill a worker at its work, later the server itself, and start it again."""
    _wait(lambda: sum(bool(sent.job) for sent in all_sent) >= len(all_sent) // 5)
    killed = {"worker": server.kill_worker()}
    _wait(lambda: sum(bool(sent.job) for sent in all_sent) >= len(all_sent) // 2)
    before = sum(bool(sent.job) for sent in all_sent)
    server.kill()
    time.sleep(0.5)
    return killed | {"acknowledged_when_killed": before, "restart_seconds": round(server.start(), 2)}


def run(folder: Path, cache: Path, *, database: str | None = None, fleet: int = 0, honest: int = 3, refused: int = 47, workers: int = 2) -> dict[str, Any]:
    """The whole thing; returns the record. Raises AssertionError where an upload was lost or judged twice or wrongly."""
    world, parcels = prepare(folder, cache, database=database, fleet=fleet, honest=honest, refused=refused)
    server = Deployment(world.provider.path, cache, workers)
    record: dict[str, Any] = {"fleet": fleet, "uploads": len(parcels), "database": "postgresql" if database else "sqlite"}
    try:
        record["start_seconds"] = round(server.start(), 2)
        join(server.url, folder, parcels)
        begun, all_sent = time.monotonic(), [Sent(parcel) for parcel in parcels]
        threads = [threading.Thread(target=send, args=(server.url, sent, begun)) for sent in all_sent]
        for thread in threads:
            thread.start()
        record |= disturb(server, all_sent)
        for thread in threads:
            thread.join(_PATIENCE)
        record |= {"seconds": round(time.monotonic() - begun, 2), "repeated_calls": sum(sent.repeated for sent in all_sent)}
        record |= judge(world, all_sent)
        record["exit"] = server.stop()
    finally:
        server.kill()
    return record


def judge(world: World, all_sent: list[Sent]) -> dict[str, Any]:
    """Hold what the clients were told, and the ledger, against what must be."""
    ledger = world.provider.ledger
    verdicts = Counter(verdict.bundle_digest for verdict in ledger.verdicts())
    for sent in all_sent:
        parcel, outcome = sent.parcel, sent.job.get("outcome") or {}
        assert sent.job.get("status") == "done", (parcel.client, sent.job)
        assert outcome["accepted"] == parcel.honest and outcome["receipt"] and outcome["error"] is None, (parcel.client, outcome)
        assert verdicts[parcel.digest] == 1, f"{parcel.client}: judged {verdicts[parcel.digest]} times"
        assert ledger.state(parcel.client).position == int(parcel.honest)
    ledger.check()
    waits = sorted(sent.acknowledged for sent in all_sent)
    return {
        "judged_once": len(all_sent), "taken_again": sum(sent.job["attempts"] > 1 for sent in all_sent),
        "acknowledged_median_seconds": round(statistics.median(waits), 2), "acknowledged_last_seconds": round(waits[-1], 2),
    }  # fmt: skip


def _wait(until: Callable[[], bool]) -> None:
    ends = time.monotonic() + _PATIENCE
    while not until():
        assert time.monotonic() < ends
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description="Load the service and break it; print what came of it.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, default=10_000, help="synthetic clients in the ledger")
    parser.add_argument("--honest", type=int, default=50)
    parser.add_argument("--damaged", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", help="a new, empty PostgreSQL database")
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    record = run(
        given.folder, given.folder / "cache", database=given.database, fleet=given.clients, honest=given.honest, refused=given.damaged, workers=given.workers
    )
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
