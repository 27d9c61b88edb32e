"""A client on a small machine behind a bad network, tried for real.

    sudo python -m experiments.network journeys --source runs/demo --out runs/network.json
    sudo python -m experiments.network memory --source runs/demo --preset ceremony-4096 --out runs/memory.json

`journeys` needs root (network namespaces, TUN devices, a small disk), nginx, curl and faketime; it uses addresses of this machine alone.
`memory` needs to make a control group. Both take models and data of `zkapex demo` from --source, and end with exit code 1 if something
is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from experiments.network.commands import Ran
from experiments.network.hosts import network
from experiments.network.journeys import Client, bad_link, full_disk, killed, lossy, wrong_clock
from experiments.network.memory import Bench, table
from experiments.network.town import Town
from zkapex_jax.formats.atomic import write_text

#: Bytes of the disks that `full_disk` tries: too small for the base, for the enrolment, and large enough.
_DISKS = [100_000, 1_000_000, 6_000_000, 40_000_000]
_NAMES = ("link", "clock", "disk", "lossy", "killed")


def main() -> int:
    """0 if every journey ended as it must."""
    options = _options()
    cache = options.cache or options.source / "public"
    with tempfile.TemporaryDirectory(prefix="zkapex-network-") as folder:
        Path(folder).chmod(0o755)  # the proxy's workers may be of another user
        if options.what == "memory":
            rows, good = list(table(Bench(Path(folder), options.source.absolute(), cache.absolute(), options.preset))), True
        else:
            rows, good = _journeys(Path(folder), options.source.absolute(), cache.absolute(), options.only or list(_NAMES))
    if options.out is not None:
        write_text(options.out, json.dumps(rows, indent=2) + "\n", force=True)
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("journeys", "memory"))
    parser.add_argument("--source", type=Path, default=Path("runs/demo"), help="folder of `zkapex demo`")
    parser.add_argument("--cache", type=Path, help="tables and reference strings (default: those of the demonstration)")
    parser.add_argument("--preset", default="ceremony-4096", help="for `memory`")
    parser.add_argument("--only", nargs="*", choices=_NAMES, help="these journeys alone")
    parser.add_argument("--out", type=Path, help="write what was measured, as JSON")
    return parser.parse_args()


def _journeys(folder: Path, source: Path, cache: Path, names: list[str]) -> tuple[list[dict[str, Any]], bool]:
    numbers, rows, wrong = iter(range(1, 100)), [], []
    with network(names) as hosts:
        town = Town(hosts["provider"], folder, source, cache)
        town.found()
        town.serve()
        try:
            for name in names:
                client = Client(town, hosts[name], ipv6=name == "killed")
                statuses = []
                for ran in _journey(name, client, lambda: town.request(next(numbers))):
                    print(f"{name:<7}{ran.line()}", flush=True)
                    rows.append(_row(name, ran))
                    statuses.append(ran.status)
                wrong += [] if _is_as_it_must_be(name, statuses) else [f"{name}: {statuses}"]
        finally:
            town.stop()
        kept = folder / "receipts"
        kept.mkdir()
        for receipt in folder.glob("*/zkapex-client/receipts/*.json"):
            shutil.copy(receipt, kept)
        audit = town.shell.zkapex("audit", "ledger", town.provider, "--receipts", kept)
        print(f"audit  {audit.line()}\n{audit.out}")
    wrong += [] if audit.status == 0 else ["the ledger does not agree with what the clients hold"]
    print("\n".join(wrong) or "every journey ended as it must")
    return rows, not wrong


def _journey(name: str, client: Client, request: Callable[[], object]) -> Iterator[Ran]:
    if name == "clock":
        return wrong_clock(client)
    if name == "disk":
        return full_disk(client, _DISKS)
    if name == "killed":
        return killed(client, request, every=5.0)
    return (bad_link if name == "link" else lossy)(client, request)


def _is_as_it_must_be(name: str, statuses: list[int]) -> bool:
    """A wrong clock is refused (3), a full disk said (4), a kill seen (-9); the last run of everything is good."""
    expected = {"clock": {0, 3}, "disk": {0, 4}, "killed": {0, -9}}.get(name, {0})
    return set(statuses) == expected and statuses[-1] == 0


def _row(name: str, ran: Ran) -> dict[str, Any]:
    return {"journey": name, "command": ran.words[:2], "status": ran.status, "seconds": round(ran.seconds, 2), "peak_mb": round(ran.memory / 1e6),
            "sent": ran.sent, "received": ran.received, "says": ran.err.strip()[-300:]}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
