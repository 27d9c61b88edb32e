"""`python -m experiments.ezkl`: prove the KKT block with ezkl at every size that has no record yet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from experiments.ezkl.measure import check_room, configuration, environment, measure
from experiments.performance import records
from zkapex_jax.errors import InputError, ZkapexError
from zkapex_jax.formats.atomic import make_directory

RESULTS = Path(__file__).parent / "results"
Kind = tuple[int, bool]
SCRATCH = Path("runs/ezkl")
KINDS = ("unranged", "ranges")
DEFAULT = (64, 128, 256, 576)


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command."""
    options = _options(arguments)
    kinds = [kind == "ranges" for kind in options.kinds]
    try:
        blocks = [(size, ranges) for ranges in kinds for size in options.blocks or DEFAULT]
        wanted = blocks if options.blocks else fitting(blocks, options.scratch)
        run(wanted, options.seed, options.out, options.scratch, noisy_too=not options.quiet_only)
    except ZkapexError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def fitting(blocks: list[Kind], scratch: Path) -> list[Kind]:
    """Those that this machine has memory and disk for; the others are named."""
    found = []
    for size, ranges in blocks:
        try:
            check_room(size, scratch, ranges=ranges)
        except InputError as error:
            print(f"left out: {error}", file=sys.stderr, flush=True)
        else:
            found.append((size, ranges))
    return found


def run(blocks: list[Kind], seed: int, out: Path, scratch: Path, *, noisy_too: bool = True) -> None:
    """Measure what is missing, one after the other."""
    for size, ranges in blocks:
        path = out / f"block-{size}{'' if ranges else '-unranged'}.json"
        wanted = records.digest(configuration(size, seed, ranges=ranges))
        if records.load(path, wanted, noisy_too=noisy_too) is not None:
            continue
        print(f"ezkl, B = {size}, {'with' if ranges else 'without'} ranges ...", file=sys.stderr, flush=True)
        record = measure(size, seed, environment(make_directory(scratch) / "venv"), scratch, ranges=ranges)
        records.save(path, record)
        print(f"  {record['prove_us_per_weight']:,.0f} µs a weight, {record['peak_rss_bytes'] / 1e9:.2f} GB", file=sys.stderr, flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments.ezkl", description=__doc__)
    parser.add_argument("--blocks", nargs="+", type=int, help="sizes B (default: 64, 128, 256, and 576 where memory allows)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="with ezkl's range checks of inputs, or without")
    parser.add_argument("--seed", type=int, default=0, help="seed of the block's data")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--scratch", type=Path, default=SCRATCH, help="folder of ezkl's environment, reference strings and keys")
    parser.add_argument("--quiet-only", action="store_true", help="measure again where others used the machine meanwhile")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
