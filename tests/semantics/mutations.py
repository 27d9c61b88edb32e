"""The table of changed cells, which docs may quote. `python tests/semantics/mutations.py` writes it anew."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import dense_scene  # noqa: E402
import enrol_scene  # noqa: E402
import fold_scene  # noqa: E402
from survey import Survey, survey  # noqa: E402

from zkapex_jax.formats import atomic  # noqa: E402

TABLE = Path(__file__).with_name("mutations.md")
HEAD = """# Every cell changed alone

Each cell of an honest assignment is given a dozen other values, one cell at a time; second roots of squares are computed, not
guessed. Written by `python tests/semantics/mutations.py`, compared by `tests/semantics/test_every_cell.py`, which knows for
each cell beforehand what must become of it.
"""


def surveys() -> list[Survey]:
    return [survey(module.scene()) for module in (fold_scene, enrol_scene, dense_scene)]


def document(found: list[Survey]) -> str:
    return "\n".join([HEAD, *(_section(one) for one in found)])


def _section(one: Survey) -> str:
    public = sum(one.public.values())
    own = one.cells - public
    lines = [f"## {one.name}", "", f"{one.cells:,} cells, {one.changes:,} changes.", "", "| cells | of the prover: what becomes of a change |", "| ---: | --- |"]
    lines.append(f"| {own:,} | all |")
    lines.append(f"| {one.caught:,} | caught, whatever the value |")
    lines += [f"| {number:,} | {reason} |" for reason, number in sorted(one.missed.items(), key=lambda item: (-item[1], item[0]))]
    lines += ["", "| cells | of the verifier, who writes them itself |", "| ---: | --- |", f"| {public:,} | all |"]
    lines += [f"| {number:,} | {fate.value} |" for fate, number in sorted(one.public.items(), key=lambda item: item[0].value)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    found = surveys()
    atomic.write_bytes(TABLE, document(found).encode(), force=True)
    sys.stdout.write("".join(f"{one.name}: {len(one.surprises)} surprises\n" for one in found))
