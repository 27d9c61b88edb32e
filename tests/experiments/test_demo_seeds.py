"""The study's files: resumed only for the same configuration, and summarised without arithmetic by hand."""

import csv

import pytest

from experiments.demo_seeds import records, summary
from experiments.demo_seeds.__main__ import RESULTS, run
from experiments.demo_seeds.config import StudyConfig
from zkapex_jax.errors import InputError

CONFIG = StudyConfig(("easy",), (0, 1))


def record(seed, personal, masked, compensated, digest=None):
    """A record whose accuracy is given for the personal set and 0.5 elsewhere."""
    accuracy = {name: {"forget": 0.5, "retain": 0.5, "personal": 0.5} for name in summary.MODELS}
    for name, value in (("personalised", personal), ("masked", masked), ("compensated", compensated)):
        accuracy[name]["personal"] = value
    chunk = {"weights": 10, "t2_used": 0.1, "moved": 0.2, "budget_used": 0.4, "true_distance": 3.0, "certified_distance": 4.0}
    return {"task": "easy", "seed": seed, "digest": digest or CONFIG.digest("easy"), "accuracy": accuracy,
            "chunks": [chunk], "seconds": {"base": 1.0, "personalise": 2.0}}  # fmt: skip


def test_records_are_resumed_only_for_the_same_configuration(tmp_path):
    assert records.load(tmp_path, CONFIG, "easy", 0) is None
    mine = record(0, 0.9, 0.8, 0.9)
    records.save(tmp_path, mine)
    assert records.load(tmp_path, CONFIG, "easy", 0) == mine
    assert records.load(tmp_path, CONFIG, "easy", 1) is None
    records.save(tmp_path, record(0, 0.9, 0.8, 0.9, digest="0" * 64))
    assert records.load(tmp_path, CONFIG, "easy", 0) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"task": "easy"}'])
def test_a_damaged_record_is_named(tmp_path, text):
    path = records.path_of(tmp_path, "easy", 0)
    path.write_text(text)
    with pytest.raises(InputError) as error:
        records.load(tmp_path, CONFIG, "easy", 0)
    assert str(path) in str(error.value)


def test_the_summary_is_of_the_means(tmp_path):
    both = [record(0, 0.90, 0.80, 0.90), record(1, 0.96, 0.86, 0.94)]
    assert summary.recovered(both) == pytest.approx(0.9)
    text = summary.summarise(both)
    assert "| personalised, before the request | 50.0 ± 0.0 | 50.0 ± 0.0 | 93.0 ± 4.2 |" in text
    assert "| personal accuracy lost by masking | 10.0 ± 0.0 |" in text
    assert "| true / certified distance, largest of the chunks | 0.750 ± 0.000 |" in text


def test_finished_runs_are_not_run_again(tmp_path):
    for seed in CONFIG.seeds:
        records.save(tmp_path, record(seed, 0.9, 0.8, 0.9))
    run(CONFIG, tmp_path)
    assert (tmp_path / "summary.md").read_text().startswith("# ")
    lines = list(csv.DictReader((tmp_path / "results.csv").open()))
    assert len(lines) == 2 * len(summary.MODELS) and lines[0]["task"] == "easy"


@pytest.mark.parametrize("parts", [{"tasks": ()}, {"tasks": ("medium",)}, {"seeds": ()}, {"seeds": (-1,)}, {"seeds": (True,)}])
def test_a_malformed_study_is_refused(parts):
    with pytest.raises(InputError):
        StudyConfig(**parts)


def test_the_digest_follows_the_configuration():
    assert StudyConfig().digest("easy") != StudyConfig().digest("hard")
    assert StudyConfig(micro_batch=16).digest("easy") != StudyConfig().digest("easy")
    assert StudyConfig(seeds=(7,)).digest("easy") == StudyConfig().digest("easy")


def test_the_kept_results_are_those_of_the_present_configuration():
    """Constants changed without measuring again would leave a table that nothing produces."""
    config = StudyConfig()
    kept = [records.load(RESULTS, config, task, seed) for task, seed in config.runs]
    assert all(kept)
    assert (RESULTS / "summary.md").read_text() == summary.summarise(kept)
