"""Changed cells and integers of the project's relations before the library's checker, and as proofs before both verifiers."""

import random
from dataclasses import replace

import dense_scene
import enrol_scene
import fold_scene
import pytest
from judges import Court
from scene import Fate, Scene
from tally import EFFORT, count

from reference_prover.field import MODULUS

SCENES = {"fold_kkt": fold_scene.scene, "enrol": enrol_scene.scene, "dense_kkt": dense_scene.scene}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("forged")


def changed(scene: Scene, column: str, row: int, value: int) -> dict[str, list[int]]:
    cells = list(scene.columns[column])
    cells[row] = value
    return dict(scene.columns) | {column: cells}


@pytest.mark.parametrize("name", SCENES)
def test_the_mock_prover_lists_what_the_checker_lists(folder, name) -> None:
    scene, draw = SCENES[name](), random.Random(f"zkapex semantics mock {name}")
    for _ in range(4 * EFFORT):
        column, row = draw.choice(sorted(scene.columns)), draw.randrange(scene.tables.usable)
        court = Court(folder, scene.circuit, changed(scene, column, row, draw.choice([0, 1, 2, draw.randrange(MODULUS)])))
        gates = {(one.gate, one.row) for one in court.violations if one.gate != "copy"}
        listed = {(line.split()[1].split("[")[0], int(line.split()[-1])) for line in court.mock() if not line.startswith("copy")}
        assert listed == gates, (column, row)
        count("changed cells before the MockProver")


@pytest.mark.parametrize("name", ["fold_kkt", "enrol", pytest.param("dense_kkt", marks=pytest.mark.slow)])
def test_a_proof_of_a_changed_cell_is_judged_as_forecast(folder, name) -> None:
    """Proofs of both provers: caught cells are refused by both verifiers, free ones are accepted."""
    scene, draw, seen = SCENES[name](), random.Random(f"zkapex semantics forged {name}"), set()
    own = sorted(set(scene.columns) - scene.public)
    while len(seen) < 2 or seen != {Fate.CAUGHT, Fate.FREE}:
        column, row = draw.choice(own), draw.randrange(scene.tables.usable)
        fate = scene.forecast(column, row).fate
        if fate is Fate.SOME or fate in seen:
            continue
        court = Court(folder, scene.circuit, changed(scene, column, row, draw.randrange(MODULUS)))
        assert set(court.verdicts().values()) == {fate is Fate.FREE}, (column, row)
        seen.add(fate)
        count("proofs of changed cells", 2)


@pytest.mark.parametrize(("module", "integer"), [(fold_scene, "theta_u"), (fold_scene, "sigma"), (enrol_scene, "theta_p")])
def test_a_proof_of_a_changed_integer_is_refused(folder, module, integer) -> None:
    """The accumulator is run again, so that only the last gate (or the mask) tells."""
    stated, claim, drawn = module.honest()
    integers = list(getattr(claim, integer))
    integers[7] += 1
    columns = module.assign(stated, replace(claim, **{integer: integers}), drawn)
    court = Court(folder, module.CIRCUIT, columns)
    assert len(court.violations) == 1
    assert set(court.verdicts().values()) == {False}
    count("proofs of changed integers", 2)
