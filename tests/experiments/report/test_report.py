"""From tables to figures, page and report: on made-up tables whose answers are known."""

import math
import re
from pathlib import Path

import pytest
from conftest import SEEDS, method_rows, row, write

from experiments.lab.measures import statistics
from experiments.report import __main__ as command
from experiments.report import document, page, study, words
from experiments.report.figures import pictures
from experiments.report.parts import ablations, attack, claims, frontier, leak, methods, provenance
from experiments.report.parts.frontier import Place, undominated
from experiments.report.section import Section
from experiments.report.sections import PARTS, sections
from experiments.report.table import Table, markdown
from zkapex_jax.errors import InputError

ROOT = Path(__file__).parents[3]


def load(results, *names):
    return study.load({name: results / name for name in names or study.STUDIES})


@pytest.fixture(scope="module")
def found(results):
    return load(results)


@pytest.fixture(scope="module")
def made(found):
    return sections(found)


@pytest.fixture
def small(tmp_path):
    """A folder with one study alone, two seeds."""
    write(tmp_path / "small", "digits", lambda seed: method_rows("digits", "digits", seed), seeds=(0, 1))
    return tmp_path / "small"


def test_tables_are_found_by_study(found):
    assert list(found.frames) == list(study.STUDIES)
    assert found.methods() == {"digits": "digits", "glyphs": "glyphs", "code": "code"}
    assert found.select("nothing").empty


def test_no_table_at_all_names_the_command(tmp_path):
    with pytest.raises(InputError, match="make experiments"):
        load(tmp_path)


@pytest.mark.parametrize(("named", "digest"), [("glyphs", "a" * 64), ("digits", "b" * 64)])
def test_a_table_is_of_one_study_and_one_configuration(tmp_path, named, digest):
    write(tmp_path, "digits", lambda seed: method_rows("digits", "digits", seed), seeds=(0, 1))
    path = tmp_path / "digits" / "results.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1].replace("a" * 64, digest).replace("digits", named, 1)]) + "\n")
    with pytest.raises(InputError) as error:
        load(tmp_path)
    assert str(path) in str(error.value)


def test_a_series_that_does_not_say_which_is_refused(found):
    frame = found.select("digits", group="methods", method="zkapex")
    with pytest.raises(InputError, match="ambiguous"):
        study.by_seed(frame, "accuracy/forget")
    assert set(study.by_seed(frame, "accuracy/forget", mask="random")) == set(SEEDS)


def test_values_that_do_not_exist_are_left_out(tmp_path):
    write(tmp_path, "digits", lambda seed: [row("digits", "digits", seed, "methods", "seconds", math.nan if seed == 1 else 2.0)])
    assert set(study.by_seed(load(tmp_path).select("digits"), "seconds")) == {0, 2, 3, 4}


def test_differences_are_of_the_same_seeds():
    assert study.less({0: 3.0, 1: 5.0, 2: 9.0}, {2: 1.0, 0: 1.0}) == {0: 2.0, 2: 8.0}
    assert study.compared({0: 1.0}, {0: 1.0}) is None
    assert study.spread({0: 1.0}) is None


def test_recovery_is_of_what_masking_cost(found):
    task = methods.Methods(found, "digits")
    assert task.recovered("zkapex").value == pytest.approx(0.9)
    assert task.recovered("personalised").value == pytest.approx(1.0)
    assert task.recovered("zkapex", "random").value == pytest.approx((0.86 - 0.77) / (0.90 - 0.77))
    assert task.gap("zkapex")[0] == pytest.approx(0.02)
    assert task.of_original("zkapex")[2] == pytest.approx(0.89 / 0.90)
    assert task.tug_of_war("zkapex")[2] == pytest.approx(0.98 * 0.97 * 0.99)


@pytest.mark.parametrize(("cost", "told"), [(0.0, False), (0.0099, False), (0.0101, True)])
def test_a_mask_that_cost_next_to_nothing_has_no_share(cost, told):
    before, masked = dict.fromkeys(SEEDS, 0.9), {seed: 0.9 - cost for seed in SEEDS}
    share = study.recovered(before, masked, before)
    assert (share is not None) is told
    assert share is None or share.value == pytest.approx(1.0)
    assert study.recovered({0: 0.9}, {0: 0.5}, {0: 0.9}) is None


def test_claims_say_no_where_an_aim_was_missed(found):
    reached = {(claim.task, claim.question[:30]): claim.reached for claim in claims.claims(found)}
    recovered = {task: answer for (task, question), answer in reached.items() if question.startswith("is enough")}
    assert recovered == {"digits": False, "glyphs": False, "code": True}
    answers, tests = claims.blocks(found)
    assert "90.0 % ✗ no" in markdown(answers.table) and "90.0 % ✓ yes" in markdown(answers.table)
    assert "p < 0.001 (t)" in markdown(tests.table)


def test_a_difference_of_five_seeds_is_tested_both_ways():
    pairs = statistics.paired([1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.5, 2.0, 1.0, 4.5])
    assert words.p_values(pairs) == f"{words.p_value(pairs.p_t)} (t), p = 0.062 (signed rank)"
    assert words.p_values(None) == "–"


@pytest.mark.parametrize(("value", "digits", "text"), [(1234.5, 0, "1,234"), (-0.04, 1, "0.0"), (-2.5, 1, "−2.5"), (3.1e14, 2, "3.1e+14"), (math.nan, 1, "–"), (math.inf, 1, "–")])
def test_numbers_are_written_for_readers(value, digits, text):
    assert words.number(value, digits) == text


def test_what_nobody_named_is_shown_as_it_is():
    assert words.in_order({"a": "", "b": ""}, ["z", "b", "z", "a"]) == ["a", "b", "z"]
    assert words.title(words.METHODS, "new") == "new"


def test_cells_cannot_end_a_table():
    assert markdown(Table(("a", "b"), (("x|y", "1"),), strong=(0,))) == "| a | b |\n|---|---:|\n| **x\\|y** | **1** |"


def test_an_axis_without_a_proof_of_its_own_costs_what_the_centre_costs(found):
    costs = {point.setting: point.prove_seconds for point in ablations.points(found, "digits", "damping")}
    assert costs == {"1.0": 0.6, "0.03125": 0.6}
    assert [point.prove_seconds for point in ablations.points(found, "digits", "client-rows")] == [0.4, 0.6, 1.6]


def test_a_task_of_fewer_chunks_costs_less(found):
    assert [point.prove_seconds for point in ablations.points(found, "glyphs", "client-rows")] == [0.2, 0.3, 0.8]


def test_settings_are_written_for_readers():
    assert [ablations.label(axis, setting) for axis, setting in (("damping", "0.03125"), ("damping", "1.0"), ("block", "65536"), ("mask", "random"),
                                                                 ("gradient-bits", "float"), ("cluster", "0.4"))] == [
        "1/32", "1", "65,536", "random", "float", "0.4"]  # fmt: skip


def test_the_front_holds_what_no_other_beats_in_all_three():
    a, b, c, d = Place("a", 10, 80, 1), Place("b", 10, 80, 2), Place("c", 20, 90, 3), Place("d", 5, 70, 9)
    assert undominated([a, b, c, d]) == [d, a, c]
    assert undominated([a, a]) == [a, a]


def test_every_setting_has_a_place(found):
    names = {place.name for place in frontier.places(found, "digits")}
    assert {"block 64", "client-rows 384", "forget-rows none"} <= names
    assert len(frontier.places(found, "digits")) == len({(place.forget, place.personal, place.seconds) for place in frontier.places(found, "digits")})


def test_what_cannot_be_proven_has_no_cost_and_no_place_on_the_front(found):
    costs = {(axis, point.setting): point.prove_seconds for axis in ("gradient-bits", "forget-rows") for point in ablations.points(found, "digits", axis)}
    assert {key for key, cost in costs.items() if cost is None} == {("gradient-bits", "12"), ("gradient-bits", "float"), ("forget-rows", "hard")}
    names = {place.name for place in frontier.places(found, "digits")}
    assert not any(name.endswith(("hard", "12", "bits float")) for name in names)


def test_a_relearn_time_that_the_cap_cut_short_is_a_lower_bound(found):
    block = next(block for block in methods.blocks(found) if block.title.startswith("digits: how near"))
    column = next(index for index, name in enumerate(block.table.header) if name.startswith("relearn"))
    steps = {line[0]: line[column] for line in block.table.rows}
    assert steps[words.METHODS["retrain"]] == "≥ 52, 1 of 5 cut short" and steps[words.METHODS["masked"]] == "10 ± 0"


def test_what_the_proof_certifies_is_told_of_what_is_proven(found):
    block = next(block for block in methods.blocks(found) if block.title == "digits: what the proof certifies")
    assert [line[0] for line in block.table.rows] == [words.METHODS["zkapex"], words.METHODS["zkapex-plain"]] and block.table.strong == (0,)
    assert block.table.rows[0][1:] == ("2.50 ± 0.00", "1.00 ± 0.00", "2 ± 0", "3 ± 0", "0.25 ± 0.00")


def test_nearness_and_attacks_are_tested_over_seeds(found):
    block = next(block for block in methods.blocks(found) if block.title == "digits: differences tested over seeds")
    rows = {line[0]: line[1:] for line in block.table.rows}
    assert words.METHODS["retrain"] not in rows and rows[words.METHODS["zkapex"]][:2] == ("–", "–")
    assert rows[words.METHODS["gradient-ascent"]][0].startswith("−0.687") and rows[words.METHODS["personalised"]][2].startswith("0.061 (")


def test_yes_and_no_answer_the_question_that_is_asked(found):
    """A leak above the aim is a no to `do forget rows hold it`, never to `does it leak`."""
    told = {claim.question: claim for claim in claims.claims(found) if claim.task == "digits"}
    (kept,) = (claim for question, claim in told.items() if question.startswith("do forget rows hold"))
    (leaked,) = (claim for question, claim in told.items() if "without forget rows bring back" in question)
    assert kept.reached is True and kept.answer == "1.00 points" and leaked.reached is None and leaked.answer == "8.00 points"


def test_attacks_are_read_against_retraining(found):
    (block, _) = attack.blocks(found)
    rows = {line[0]: line for line in block.table.rows}
    assert rows["ZK-APEX, as proven"][5].startswith("0.056")
    assert rows[words.METHODS["retrain"]][5] == "–"
    assert rows[words.METHODS["retrain"]][4] == "1.0" and rows["ZK-APEX, as proven"][4] == "2.5"


def test_leaks_are_told_of_studies_and_of_the_ablations_own_tasks(found):
    (block,) = leak.blocks(found)
    told = {line[:2]: line[2] for line in block.table.rows}
    assert told["digits", leak.PAIRS[0][2]].startswith("8.0") and told["digits", leak.PAIRS[1][2]].startswith("1.0")
    assert told["digits-near (ablations)", leak.PAIRS[2][2]].startswith("−7.0")
    assert not any(task == "digits (ablations)" for task, _ in told)


def test_a_picture_of_the_data_is_part_of_the_page(tmp_path):
    assert pictures.samples(tmp_path / "none.png") == ()
    (tmp_path / "some.png").write_bytes(b"\x89PNG")
    (image,) = pictures.samples(tmp_path / "some.png")
    made = Section("methods", "t", "a", "c", images=(image,))
    assert not made.empty and "data:image/png;base64,iVBORw==" in document.render([made], ["digits"], quick=False)


def test_seeds_are_told_as_runs():
    assert provenance.runs([0, 1, 2, 3, 4, 7, 1000, 1001]) == "0 to 4, 7, 1000 to 1001"


def test_figures_are_svg(made):
    drawn = {name: picture for section in made for name, picture in section.drawings}
    assert set(drawn) == set(page.figure_names())
    for name, picture in drawn.items():
        assert picture.file.count("<svg") == 1 and picture.file.endswith("</svg>\n"), name
        assert not re.search(r"#0101|#0102", picture.file + picture.inline), name
        assert "var(--" in picture.inline and "var(--" not in picture.file


def test_figures_repeat_byte_for_byte(found, made):
    parts = {part.name: part for part in PARTS}
    for section in made:
        if section.name in ("methods", "attack"):
            assert parts[section.name].made(found).drawings == section.drawings


def test_the_report_stands_alone(found, made):
    text = document.render(made, list(found.frames), quick=True)
    assert "Quick settings" in text and "Quick settings" not in document.render(made, ["digits"], quick=False)
    assert not re.search(r'(src|href)="(?!data:|#)', text) and "<script" not in text and "@import" not in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_text_of_tables_is_escaped(tmp_path):
    def rows(seed):
        yield row("digits", "<b>task</b>", seed, "methods", "accuracy/personal", 0.5 + 0.1 * seed, method="<script>", mask="")

    write(tmp_path, "digits", rows)
    text = document.render(sections(load(tmp_path)), ["digits"], quick=True)
    assert "<script" not in text and "<b>task" not in text


def test_studies_that_were_not_run_name_their_command(small):
    text = document.render(made := sections(load(small)), ["digits"], quick=False)
    assert "python -m experiments.membership" in text and "python -m experiments.ablations" in text
    empty = {section.name for section in made if section.empty}
    assert {"attack", "ablations", "pareto", "second"} <= empty


def test_the_command_writes_page_and_report(small, tmp_path, capsys):
    copy = tmp_path / "results.md"
    copy.write_text("".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in [*(part.name for part in PARTS), *(f"figure_{name}" for name in page.figure_names())]))
    arguments = ["--results", str(small), "--out", str(tmp_path / "report.html"), "--page", str(copy)]
    assert command.main(arguments) == 0
    once = copy.read_text()
    assert "(img/results-recovery.svg)" in once and (tmp_path / "img" / "results-trade.svg").exists()
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    copy.write_text("no markers\n")
    assert command.main(arguments) == 2
    assert "other sections" in capsys.readouterr().err


def test_the_quick_report_leaves_the_page_alone(small, tmp_path):
    before = (ROOT / "docs" / "results.md").read_text()
    assert command.main(["--quick", "--results", str(small), "--out", str(tmp_path / "report.html")]) == 0
    assert (ROOT / "docs" / "results.md").read_text() == before


def test_no_table_is_one_line_and_exit_2(tmp_path, capsys):
    assert command.main(["--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_committed_page_says_what_the_committed_tables_say():
    """Its figures are there too; that these are of the same tables is not tested: drawing all of them takes long."""
    text = (ROOT / "docs" / "results.md").read_text()
    found = study.load(study.folders(quick=False))
    for part in PARTS:
        said = re.search(rf"^<!-- {part.name} -->\n(.*?)^<!-- /{part.name} -->$", text, re.MULTILINE | re.DOTALL)
        section = Section(part.name, part.title, part.about, part.command, part.blocks(found))
        assert said is not None and said[1] == section.markdown() + "\n", part.name
    for name in re.findall(r"\(img/(results-[^)]+)\)", text):
        assert (ROOT / "docs" / "img" / name).exists()
