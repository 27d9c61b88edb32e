"""How long the server takes for pages of a large fleet, and whether the export streams.

    python tests/dashboard/measure.py --clients 10000 [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from fastapi import FastAPI  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from dashboard_scene import STUMBLES, TOKEN, Scene, build  # noqa: E402

from zkapex_jax.ledger.fleet import export_rows  # noqa: E402
from zkapex_jax.service.dashboard import dashboard_router, export  # noqa: E402
from zkapex_jax.service.dashboard.looking import Looking  # noqa: E402
from zkapex_jax.service.dashboard.router import Dashboard  # noqa: E402
from zkapex_jax.service.dashboard.view import View  # noqa: E402

LIMIT_MS = 300
PAGES = {
    "all open requests": "/",
    "one request": "/?request=forget-2026-11",
    "its late clients, longest silent first": "/?request=forget-2026-10&status=late&sort=last_seen",
    "refused, by status": "/?status=refused&sort=status&down=1",
    "a search": "/?q=0499",
    "a page in the middle": "/?request=forget-2026-11&page=101&sort=answered&down=1",
    "one client beside the list": f"/?client={STUMBLES}",
}


def logged_in(scene: Scene) -> TestClient:
    app = FastAPI()
    app.include_router(dashboard_router(scene.settings, scene.ledger))
    client = TestClient(app)
    client.post("/login", data={"token": TOKEN})
    return client


def page_times(client: TestClient, repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds from call to last byte, and of the processor's work, in one process: no network, everything else."""
    found = {}
    for name, address in PAGES.items():
        taken, worked = [], []
        for _ in range(repeats):
            started, before = time.perf_counter(), time.process_time()
            if client.get(address).status_code != 200:
                raise SystemExit(f"{address} failed")
            worked.append(1000 * (time.process_time() - before))
            taken.append(1000 * (time.perf_counter() - started))
        found[name] = {"median_ms": statistics.median(taken), "worst_ms": max(taken), "cpu_ms": statistics.median(worked)}
    return found


def export_facts(scene: Scene) -> dict[str, float]:
    """Of the whole fleet's CSV: bytes, seconds, seconds to the first piece, and the most memory that Python held for it."""
    looking: Looking = Dashboard(scene.settings, scene.ledger).looking
    tracemalloc.start()
    started, first, size = time.perf_counter(), None, 0
    for piece in export.lines(export_rows(scene.ledger, looking.query(View()))):
        first = first or time.perf_counter() - started
        size += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"bytes": size, "seconds": time.perf_counter() - started, "first_piece_seconds": first or 0.0, "peak_bytes": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zkapex-fleet-") as folder:
        scene = build(Path(folder) / "provider", given.clients)
        result: dict[str, Any] = {"clients": given.clients, "pages": page_times(logged_in(scene), given.repeats), "export": export_facts(scene)}
    for name, taken in result["pages"].items():
        print(f"{name:42} median {taken['median_ms']:6.0f} ms   worst {taken['worst_ms']:6.0f} ms   work {taken['cpu_ms']:6.0f} ms")
    print("export", {name: round(value, 3) for name, value in result["export"].items()})
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(result, indent=2) + "\n")
    if max(taken["median_ms"] for taken in result["pages"].values()) > LIMIT_MS:
        raise SystemExit(f"a page takes longer than {LIMIT_MS} ms")


if __name__ == "__main__":
    main()
