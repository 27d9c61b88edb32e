"""`python -m experiments.ezkl`: prove the KKT block with ezkl at every size that has no record yet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from experiments.ezkl.measure import configuration, environment, measure
from experiments.performance import records
from zkapex_jax.errors import ZkapexError
from zkapex_jax.formats.atomic import make_directory

RESULTS = Path(__file__).parent / "results"
SCRATCH = Path("runs/ezkl")
BLOCKS = (64, 128, 256)


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command."""
    options = _options(arguments)
    try:
        run(options.blocks, options.seed, options.out, options.scratch, noisy_too=not options.quiet_only)
    except ZkapexError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def run(blocks: list[int], seed: int, out: Path, scratch: Path, *, noisy_too: bool = True) -> None:
    """Measure what is missing, one after the other."""
    for size in blocks:
        path = out / f"block-{size}.json"
        if records.load(path, records.digest(configuration(size, seed)), noisy_too=noisy_too) is not None:
            continue
        print(f"ezkl, B = {size} ...", file=sys.stderr, flush=True)
        record = measure(size, seed, environment(make_directory(scratch) / "venv"), scratch)
        records.save(path, record)
        print(f"  {record['prove_us_per_weight']:,.0f} µs a weight, {record['peak_rss_bytes'] / 1e9:.2f} GB", file=sys.stderr, flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments.ezkl", description=__doc__)
    parser.add_argument("--blocks", nargs="+", type=int, default=list(BLOCKS), help="sizes B; 576 takes 14 GB and minutes")
    parser.add_argument("--seed", type=int, default=0, help="seed of the block's data")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--scratch", type=Path, default=SCRATCH, help="folder of ezkl's environment, reference strings and keys")
    parser.add_argument("--quiet-only", action="store_true", help="measure again where others used the machine meanwhile")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
