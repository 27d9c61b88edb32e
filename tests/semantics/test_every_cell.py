"""Every cell of an honest assignment, changed alone: caught, or not caught for the reason that was known beforehand."""

from dataclasses import replace

import dense_scene
import enrol_scene
import fold_scene
import pytest
from cell_bench import CellBench
from mutations import TABLE, document, surveys
from survey import Survey
from tally import count

from reference_prover.checker import check
from reference_prover.field import MODULUS


@pytest.fixture(scope="module")
def found() -> list[Survey]:
    return surveys()


def test_every_cell_meets_the_fate_that_is_forecast(found: list[Survey]) -> None:
    for one in found:
        assert not one.surprises, f"{one.name}: {len(one.surprises)} cells, {one.surprises[:5]}"
        assert one.cells == one.caught + sum(one.missed.values()) + sum(one.public.values())
        count(f"cells changed alone: {one.name}", one.cells)
        count(f"changes of single cells: {one.name}", one.changes)


def test_the_written_table_says_what_is_counted(found: list[Survey]) -> None:
    assert document(found) == TABLE.read_text(encoding="utf-8"), "python tests/semantics/mutations.py writes it anew"


@pytest.mark.parametrize("family", ["theta_p", "theta_u", "y"])
def test_a_second_root_serves_one_draw_of_challenges_only(family: str) -> None:
    """The one other value that a square allows depends on eta, rho and mu, which are drawn after it is committed."""
    stated, claim, drawn = fold_scene.honest()
    scene, later = fold_scene.scene(), fold_scene.challenges("later")
    scale = pow(drawn.mu, 4, MODULUS) if family == "y" else 1
    roots = list(CellBench(scene.tables, scene.columns).second_roots(f"{family}.1"))
    rows = range(fold_scene.SIZE.active_start, fold_scene.SIZE.blinding_start, 37)
    tried = 0
    for row in rows:
        weight = (row - fold_scene.SIZE.active_start) * fold_scene.SIZE.lanes + 1
        values = {root[row] for root in roots} - {scene.columns[f"{family}.1"][row]}
        for value in values if claim.free[weight] else ():
            integers = list(getattr(claim, family))
            integers[weight] = value * pow(scale, -1, MODULUS) % MODULUS
            forged = replace(claim, **{family: integers})
            assert check(scene.tables, fold_scene.assign(stated, forged, drawn)) == []
            fresh = replace(later, r=drawn.r)
            forged.q = fold_scene.products(fresh, forged)
            assert {violation.gate for violation in check(scene.tables, fold_scene.assign(stated, forged, fresh))} == {"fold.last"}
            tried += 1
    assert tried >= 4
    count("second roots under later challenges", tried)


def test_a_flipped_sign_of_delta_is_caught_by_the_fold() -> None:
    """enrol.step squares delta, so a flipped sign passes there; but theta_p moves the fold, too."""
    stated, claim, drawn = enrol_scene.honest()
    places = [i for i, value in enumerate(claim.delta) if value][::111]
    for i in places:
        theta_p = list(claim.theta_p)
        theta_p[i] -= 2 * claim.delta[i]
        columns = enrol_scene.assign(stated, replace(claim, theta_p=theta_p), drawn)
        assert {violation.gate for violation in check(enrol_scene.TABLES, columns)} == {"enrol.last"}
    count("flipped signs of delta", len(places))


def test_a_forecast_of_nothing_but_caught_cells_would_be_wrong() -> None:
    """The survey does find cells that are free: blinding rows, the rows of Halo2, cells of no number."""
    for module in (fold_scene, enrol_scene, dense_scene):
        scene = module.scene()
        bench = CellBench(scene.tables, scene.columns)
        column = next(name for name in scene.columns if name.startswith(("theta_p", "delta")))
        caught = bench.caught({column: (bench.columns[column] + 1) % MODULUS})
        assert caught.any() and not caught[-6:].any()
