"""Copy the emitted tables of the presets that have vectors into vectors/tables; then run `make vectors`."""

from pathlib import Path

from zkapex_jax.circuit.emit import emit
from zkapex_jax.circuit.relations.fold_kkt import build_fold_kkt
from zkapex_jax.presets import get_preset

FOLDER = Path(__file__).parents[2] / "vectors" / "tables"

if __name__ == "__main__":
    for name in ("toy", "ceremony-4096"):
        (FOLDER / f"{name}.tables.json").write_bytes(emit(build_fold_kkt(get_preset(name))))
        print(f"{name}.tables.json")
