"""Golden files: cost sheet and table digest of every relation and size, reviewed as diffs.

``python -m zkapex_jax.circuit.golden`` writes them, docs/bounds.md and the pictures of the layouts anew.
"""

import difflib
import json
import sys
from pathlib import Path

from zkapex_jax.circuit import bounds_doc
from zkapex_jax.circuit.cost import cost_sheet
from zkapex_jax.circuit.emit import digest, emit
from zkapex_jax.circuit.layout_view import svg
from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.relations import DENSE_SIZES, DENSE_TOY, RELATIONS, build, build_sized
from zkapex_jax.formats import atomic
from zkapex_jax.presets import DEFAULT_PRESET, PRESETS, get_preset

ROOT = Path(__file__).parents[2]


def golden_files() -> dict[Path, str]:
    """Every generated file of this package: path in the repository and content."""
    files = {Path("golden") / f"{name}-{preset.name}.json": _golden(build(name, preset)) for name in RELATIONS for preset in PRESETS.values()}
    files |= {Path("golden") / f"dense_kkt-{name}.json": _golden(build_sized(size)) for name, size in DENSE_SIZES.items()}
    for name in RELATIONS:
        files[Path(f"docs/img/layout-{name.replace('_', '-')}.svg")] = svg(build(name, get_preset(DEFAULT_PRESET)))
    files[Path("docs/img/layout-dense-kkt.svg")] = svg(build_sized(DENSE_TOY))
    files[Path("docs/bounds.md")] = bounds_doc.document()
    return files


def changes(root: Path) -> str:
    """Unified diff from the files under ``root`` to what the code gives now; empty when they agree."""
    return "".join(_diff(root / path, path, content) for path, content in golden_files().items())


def write(root: Path) -> None:
    """Write every generated file under ``root``."""
    for path, content in golden_files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(root / path, content.encode(), force=True)


def _golden(circuit: Circuit) -> str:
    tables = emit(circuit)
    parts = {"tables": {"sha256": digest(tables).hex(), "bytes": len(tables)}, "cost": cost_sheet(circuit).to_json()}
    return json.dumps(parts, indent=2, sort_keys=True) + "\n"


def _diff(path: Path, name: Path, content: str) -> str:
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    return "".join(difflib.unified_diff(old.splitlines(True), content.splitlines(True), f"committed/{name}", f"now/{name}"))


if __name__ == "__main__":
    sys.stdout.write(changes(ROOT) or "no change\n")
    write(ROOT)
