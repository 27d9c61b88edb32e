"""Committed files that the code generates are up to date; ``make golden`` regenerates them."""

import doctest
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit import RELATIONS, build, golden
from zkapex_jax.circuit.layout_view import svg
from zkapex_jax.circuit.soundness import abort_bits, error_bits, error_terms, largest_energy, largest_gamma, total_error
from zkapex_jax.presets import PRESETS, TOY

ROOT = Path(__file__).parents[2]


def test_golden_files_are_up_to_date() -> None:
    difference = golden.changes(ROOT)
    if difference:
        pytest.fail(f"generated files changed; if that is meant, run `make golden` and review the diff:\n{difference}")


def test_a_change_is_shown_as_a_diff(tmp_path: Path) -> None:
    golden.write(tmp_path)
    assert golden.changes(tmp_path) == ""
    path = tmp_path / "golden" / "fold_kkt-toy.json"
    path.write_text(path.read_text().replace('"degree": 3', '"degree": 4'))
    assert '-    "degree": 4,\n+    "degree": 3,\n' in golden.changes(tmp_path)


def test_no_golden_file_is_left_over() -> None:
    generated = {path.name for path in golden.golden_files() if path.parts[0] == "golden"}
    assert {path.name for path in (ROOT / "golden").iterdir()} == generated


def test_the_guide_to_relations_runs() -> None:
    results = doctest.testfile(str(ROOT / "docs" / "relations.md"), module_relative=False)
    assert results.attempted > 10 and results.failed == 0


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_picture_shows_every_family_gate_and_region(relation: str) -> None:
    circuit = build(relation, TOY)
    texts = " ".join(ElementTree.fromstring(svg(circuit)).itertext())
    names = {column.family for column in circuit.columns} | {gate.id for gate in circuit.gates}
    assert all(name in texts for name in names | {region.name for region in circuit.regions})


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "toy"])
def test_errors_of_serving_presets(name: str) -> None:
    preset = PRESETS[name]
    assert {relation: error_bits(total_error(preset, relation)) for relation in RELATIONS} == {"fold_kkt": 126, "enrol": 126}
    assert error_bits(total_error(preset)) == 125
    assert abort_bits(preset) == 84
    assert largest_gamma(preset) == 2**39


def test_the_terms_of_an_enrolment_are_counted_by_hand() -> None:
    """Three statistical events of 2^−128; roots of degree 127 + 65 twice, 127 and 3."""
    expected = Fraction(3, 2**128) + Fraction(2 * (127 + 65) + 127 + 3, FIELD_MODULUS)
    assert total_error(PRESETS["ceremony-4096"], "enrol") == expected
    assert sum(term.probability for term in error_terms(PRESETS["ceremony-4096"], "enrol")) == expected


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "toy"])
def test_int8_rows_at_full_swing_stay_in_their_windows(name: str) -> None:
    """What an honest client may enrol: every gradient −128 in a full chunk. (At r = 27 a Δ of norm 2^19 alone, 8 in floats, fills it too.)"""
    preset = PRESETS[name]
    assert preset.capacity * preset.client_rows * 128**2 <= largest_energy(preset) == 2 ** (2 * preset.range_bits - 16)


def test_the_largest_gamma_of_the_toy_is_where_a_slack_ends() -> None:
    gamma = largest_gamma(TOY)
    t1_bits, t2_bits, _ = TOY.slack_bits
    fits = [g * g * TOY.capacity // 8 < 2**t1_bits and 32 * TOY.rows * g < 2**t2_bits for g in (gamma, gamma + 1)]
    assert fits == [True, False]


def test_the_toy_proves_little() -> None:
    assert [error_bits(total_error(TOY, relation)) for relation in RELATIONS] == [14, 14]
