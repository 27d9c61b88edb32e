"""Estimate a synthetic model, then walk the whole protocol on it, and compare.

    python -m experiments.estimate --preset ceremony-4096 --chunks 24 --touched 16 --out runs/estimate.json

Prints estimated over measured for every step, memory, disk and bytes; exit code 1 if a total is off by more than a fifth.
What was compiled is forgotten in between, so that compiling counts as it does for a user. The totals are judged (what is paid once a
fleet, enrolment, answer, verification); steps of a few hundred milliseconds are printed beside them. An estimate holds for a machine
that is as busy while it works as it was while it was calibrated: the share of it that others used is printed for both.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import jax

from experiments.estimate.compare import LIMIT, compare, judged
from experiments.performance.machine import QUIET, Meter
from zkapex_jax.formats.atomic import write_text
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import get_preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.workflow import calibrate, open_toolchain
from zkapex_jax.workflow.costs.estimating import Estimate, estimate
from zkapex_jax.workflow.costs.walk import Walked, kept_bytes, walk
from zkapex_jax.workflow.toolchain import Toolchain

#: Seconds between looks at the size of the client's folder: rarely enough not to slow the work down that is being timed.
_LOOK = 0.1


def main() -> int:
    """0 if all totals are within a fifth."""
    options = _options()
    preset = get_preset(options.preset)
    size = round(preset.capacity * options.fill)
    tool = open_toolchain(preset, folder=options.cache, threads=options.threads, insecure_srs=options.insecure_srs)
    layout = ChunkedLayout.cut(TargetLayout("weights", (("weights", (options.chunks * size,)),)), preset)
    touched = options.touched or options.chunks
    with tempfile.TemporaryDirectory(prefix="zkapex-estimate-", dir=options.folder) as folder:
        with Meter() as calibrating:
            guess, spent = _estimated(tool, layout, touched, options.check, Path(folder))
        jax.clear_caches()  # what was compiled for the calibration is compiled again, as in a command of its own
        with Meter() as working:
            walked, peak = _worked(tool, Path(folder), options.chunks, size, touched, options.check)
        kept = {"client": kept_bytes(walked.client), "provider": kept_bytes(walked.provider)}
    rows = compare(guess, walked, peak, kept)
    others = {"calibration": calibrating.others_share, "work": working.others_share}
    _print(rows, spent, others)
    document = {"preset": options.preset, "chunks": options.chunks, "touched": touched, "size": size, "check": options.check,
                "calibration_seconds": spent, "others_share": others, "rows": rows}  # fmt: skip
    if options.out is not None:
        write_text(options.out, json.dumps(document, indent=2) + "\n", force=True)
    return 0 if all(abs(row["ratio"] - 1) <= LIMIT for row in judged(rows)) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="ceremony-4096")
    parser.add_argument("--chunks", type=int, default=24, help="chunks of the model")
    parser.add_argument("--touched", type=int, help="chunks that the request touches (default: all)")
    parser.add_argument("--fill", type=float, default=1.0, help="how full the chunks are")
    parser.add_argument("--check", action="store_true", help="with the reference checker, as the commands do by default")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--insecure-srs", action="store_true", help="a local reference string: for presets over k = 12")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    parser.add_argument("--folder", type=Path, help="where the work's files lie while it lasts")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _estimated(tool: Toolchain, layout: ChunkedLayout, touched: int, check: bool, folder: Path) -> tuple[Estimate, float]:
    measured = calibrate(tool, layout, check=check, folder=folder)
    return estimate(tool.preset, layout=layout, touched=range(touched), measured=measured), measured.seconds


def _worked(tool: Toolchain, folder: Path, chunks: int, size: int, touched: int, check: bool) -> tuple[Walked, int]:
    """The walk, and the most that lay in the client's folder, without the gradient rows, which are in memory here."""
    peak, stop = [0], threading.Event()
    watch = threading.Thread(target=_watch, args=(folder / "client", peak, stop), daemon=True)
    watch.start()
    try:
        walked = walk(tool, folder, chunks=chunks, size=size, touched=touched, check=check)
    finally:
        stop.set()
        watch.join()
    return walked, peak[0]


def _watch(folder: Path, peak: list[int], stop: threading.Event) -> None:
    while not stop.wait(_LOOK):
        try:
            peak[0] = max(peak[0], kept_bytes(folder))
        except FileNotFoundError:  # a file went while it was looked at
            continue


def _print(rows: list[dict[str, Any]], spent: float, others: dict[str, float]) -> None:
    print(f"calibrated in {spent:.1f} s; others used {others['calibration']:.0%} of the machine meanwhile, {others['work']:.0%} during the work")
    if max(others.values()) > QUIET:
        print("that is too much: run it again on a quiet machine")
    print(f"{'':<22}{'estimated':>14}{'measured':>14}{'ratio':>8}")
    for row in rows:
        mark = "" if not row["judged"] else "  ok" if abs(row["ratio"] - 1) <= LIMIT else "  OFF"
        print(f"{row['name']:<22}{row['estimated']:>14,.2f}{row['measured']:>14,.2f}{row['ratio']:>8.2f}{mark}")


if __name__ == "__main__":
    sys.exit(main())
