"""Copy the emitted tables of the presets that have vectors into vectors/tables; then run `make vectors`."""

from pathlib import Path

from zkapex_jax.circuit import build, emit
from zkapex_jax.presets import get_preset

FOLDER = Path(__file__).parents[2] / "vectors" / "tables"
PREFIXES = {"fold_kkt": "", "enrol": "enrol-"}

if __name__ == "__main__":
    for relation, prefix in PREFIXES.items():
        for name in ("toy", "ceremony-4096"):
            (FOLDER / f"{prefix}{name}.tables.json").write_bytes(emit(build(relation, get_preset(name))))
            print(f"{prefix}{name}.tables.json")
