"""The command: what it refuses in one line, and the whole study on folders made here."""

from dataclasses import replace

import pytest

from experiments.code import __main__ as command
from experiments.code.config import FULL, QUICK
from experiments.lab.frontier import Choice, Frontier
from experiments.code.network import Network, fresh_params, tiny_model
from experiments.code.settings import Sizes
from experiments.code.tokens import train_bpe
from experiments.lab import records
from experiments.lab.command import default_results, digest_of_run
from experiments.lab.row_choice import Rows
from zkapex_jax.models import new_model, save_checkpoint
from zkapex_jax.tasks.training import Schedule


def write(folder, text, files=8):
    folder.mkdir(parents=True)
    for index in range(files):
        names = (str(number).translate(str.maketrans("0123456789", "abcdefghij")) for number in range(100 * index, 100 * index + 50))
        (folder / f"{index}.txt").write_text("".join(text.format(n=name, v="uvwxyzq"[len(name) % 7]) for name in names))
    return folder


@pytest.fixture
def folders(tmp_path):
    for language, text in (("lisp", "(define x{n} (+ {v} y))\n"), ("ada", "X{n} : Integer := {v};\n"), ("ml", "let x{n} = {v} in\n")):
        write(tmp_path / "data" / language, text)
    return tmp_path / "data", write(tmp_path / "mine", "def f{n}(): return {v} % 3\n")


def vit(folder):
    config = {"model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 3, "hidden_size": 8,
              "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}  # fmt: skip
    save_checkpoint(folder, *new_model(config, 0))
    return folder


def refused(capsys, *arguments):
    code = command.main([str(argument) for argument in arguments])
    error = capsys.readouterr().err
    assert code == 2 and error.count("\n") == 1 and error.startswith("error: ")
    return error


def test_bad_folders_are_named(capsys, folders, tmp_path):
    data, mine = folders
    assert "belong together" in refused(capsys, "--data", data)
    assert "nowhere" in refused(capsys, "--data", tmp_path / "nowhere", "--personal", mine)
    assert "nowhere" in refused(capsys, "--checkpoint", tmp_path / "nowhere")
    (data / "cobol").mkdir()
    assert "cobol" in refused(capsys, "--data", data, "--personal", mine)


def test_a_language_that_is_not_there_is_refused(capsys, folders, tmp_path):
    data, mine = folders
    error = refused(capsys, "--data", data, "--personal", mine, "--forget", "cobol", "--quick", "--results", tmp_path / "out")
    assert "cobol" in error and "ada, lisp, ml" in error


def test_a_checkpoint_of_another_architecture_is_refused(capsys, tmp_path):
    assert "another architecture" in refused(capsys, "--checkpoint", vit(tmp_path / "vit"))


def test_what_fits_a_checkpoint_is_refused_without_one(capsys):
    assert "--preset" in (error := refused(capsys, "--preset", "toy")) and "--checkpoint" in error
    assert "--epochs" in refused(capsys, "--checkpoint", "anywhere", "--epochs", 0)


def test_one_seed_is_refused(capsys):
    assert "at least two" in refused(capsys, "--seeds", 3)


def test_an_unknown_task_is_refused(capsys):
    assert "must be among" in refused(capsys, "--tasks", "prose")


def test_constants_of_the_full_and_the_quick_study_differ_in_the_digest():
    assert FULL.digest() != QUICK.digest()
    assert FULL.digest() == replace(FULL, seeds=(7, 8)).digest()


def test_the_kept_results_are_of_one_configuration_and_of_the_present_one_where_the_corpus_is_the_same():
    """Constants changed without measuring again would leave a table that nothing produces; other libraries are another corpus."""
    units = command.units_of(FULL)
    kept = [records.load(default_results("code", quick=False), unit.name) for unit in units]
    assert all(kept) and len({record.digest for record in kept}) == 1
    corpora = {row.setting for record in kept for row in record.rows if row.group == "data"}
    if corpora == set(FULL.constants()["corpora"].values()):
        assert kept[0].digest == digest_of_run(FULL, units)


NETWORK = Network(vocabulary=290, tokens=16, hidden=16, feed_forward=32, layers=1, heads=2, initial_deviation=0.1)
SHORT = Schedule(epochs=2, batch=16, learning_rate=3e-3)


@pytest.mark.slow
@pytest.mark.parametrize("pretrained", [False, True])
def test_the_whole_study_on_folders_of_ones_own(folders, tmp_path, monkeypatch, pretrained):
    data, mine = folders
    setting = replace(FULL.settings[0], sizes=Sizes(10**6, 10**6, 0.7, 0.6, 20, 20), base=SHORT, personal=SHORT, preset="toy", rows=Rows("sketch", 24))
    monkeypatch.setattr(command, "FULL", replace(FULL, settings=(setting,), network=NETWORK, masks=("second-order",),
                                                     frontier=Frontier((Choice("toy", Rows("drawn")),), ((2, 1),))))  # fmt: skip
    arguments = ["--data", data, "--personal", mine, "--forget", "ml", "--seeds", "100", "101", "--results", tmp_path / "out"]
    if pretrained:
        folder = tmp_path / "opt"
        save_checkpoint(folder, tiny_model(NETWORK), fresh_params(NETWORK, 3))
        text = [path.read_text() for path in sorted(data.rglob("*.txt"))]
        train_bpe(text, 290).save(str(folder / "tokenizer.json"))
        arguments += ["--checkpoint", folder, "--pattern", setting.pattern, "--preset", "toy", "--learning-rate", "3e-3", "--epochs", "2", "--batch", "16"]
    assert command.main([str(argument) for argument in arguments]) == 0
    found = records.load(tmp_path / "out", f"methods-{setting.name}-100")
    measured = {(row.method, row.measure) for row in found.rows}
    assert {("zkapex", "perplexity/forget"), ("retrain", "next_token/ada"), ("zkapex", "recovered")} <= measured
    frontier = records.load(tmp_path / "out", f"frontier-{setting.name}-100")
    assert frontier is None if pretrained else {row.setting for row in frontier.rows} == {"toy, drawn", "2"}
    assert (tmp_path / "out" / "results.csv").exists()
