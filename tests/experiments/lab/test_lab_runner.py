"""Units of work: resumed, redone when the configuration is another, whole or not there."""

from __future__ import annotations

import pytest

from experiments.lab import records, runner
from experiments.lab.command import tell_older
from experiments.lab.program import digest_of_sources, program
from experiments.lab.records import Row
from experiments.lab.runner import Unit
from zkapex_jax.errors import InputError

ONE, TWO = "1" * 64, "2" * 64


class Bench:
    """Units that count how often they were run."""

    def __init__(self, experiment: str = "e") -> None:
        self.runs: list[str] = []
        self.experiment = experiment

    def unit(self, name: str, seed: int = 0, fails: type[BaseException] | None = None) -> Unit:
        def work() -> list[Row]:
            self.runs.append(name)
            if fails is not None:
                raise fails
            return [Row(self.experiment, "t", seed, "", "", "", "", "", name, 1.0)]

        return Unit(name, seed, work)


def run(units, folder, digest=ONE):
    seen: list[runner.Progress] = []
    return runner.run("e", digest, units, folder, on_progress=seen.append), seen


def test_what_is_done_is_not_done_again(tmp_path):
    bench = Bench()
    units = [bench.unit("a"), bench.unit("b", 1)]
    run(units[:1], tmp_path)
    found, _ = run(units, tmp_path)
    assert bench.runs == ["a", "b"] and [record.unit for record in found] == ["a", "b"]
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 3


def test_a_record_of_another_configuration_or_seed_is_done_again(tmp_path):
    bench = Bench()
    run([bench.unit("a")], tmp_path)
    run([bench.unit("a")], tmp_path, TWO)
    run([bench.unit("a", 5)], tmp_path, TWO)
    assert bench.runs == ["a"] * 3
    assert records.load(tmp_path, "a").digest == TWO and records.load(tmp_path, "a").seed == 5


def test_a_record_of_another_program_is_kept_and_told(tmp_path, capsys):
    bench, quiet = Bench(), lambda _: None
    runner.run("e", ONE, [bench.unit("a")], tmp_path, on_progress=quiet, program="old")
    found = runner.run("e", ONE, [bench.unit("a"), bench.unit("b")], tmp_path, on_progress=quiet, program="new")
    assert bench.runs == ["a", "b"] and [record.program for record in found] == ["old", "new"]
    tell_older(found, "new", tmp_path)
    assert "1 of 2 records" in (said := capsys.readouterr().err) and "a among them" in said and said.count("\n") == 1
    tell_older(found[1:], "new", tmp_path)
    assert not capsys.readouterr().err


def test_the_program_is_what_its_sources_are(tmp_path):
    for name in ("one/a.py", "one/deep/b.py", "two.py", "three/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    first = digest_of_sources(tmp_path, ("one", "two"))
    (tmp_path / "three/c.py").write_text("x = 2\n")
    assert digest_of_sources(tmp_path, ("one", "two")) == first
    for name in ("one/deep/b.py", "two.py"):
        (tmp_path / name).write_text("x = 2\n")
        assert digest_of_sources(tmp_path, ("one", "two")) != first
        (tmp_path / name).write_text("x = 1\n")
    assert digest_of_sources(tmp_path, ("one", "two")) == first
    assert program("digits") != program("glyphs") and len(program("digits")) == 64


def test_an_interrupt_leaves_what_is_done(tmp_path):
    bench = Bench()
    with pytest.raises(KeyboardInterrupt):
        run([bench.unit("a"), bench.unit("b", fails=KeyboardInterrupt)], tmp_path)
    assert records.load(tmp_path, "a") is not None and records.load(tmp_path, "b") is None
    run([bench.unit("a"), bench.unit("b")], tmp_path)
    assert bench.runs == ["a", "b", "b"]


def test_progress_tells_what_is_at_work_and_what_was_there(tmp_path):
    bench = Bench()
    run([bench.unit("a")], tmp_path)
    _, seen = run([bench.unit("a"), bench.unit("b")], tmp_path)
    assert [(one.done, one.total, one.finished, one.begun) for one in seen] == [(1, 2, "a", None), (1, 2, None, "b"), (2, 2, "b", None)]
    assert seen[0].seconds == 0 and seen[2].seconds > 0


def test_rows_of_another_experiment_are_refused_and_not_kept(tmp_path):
    with pytest.raises(InputError, match="another experiment"):
        run([Bench("f").unit("a")], tmp_path)
    assert records.load(tmp_path, "a") is None


def test_units_that_share_a_name_are_refused_before_any_work(tmp_path):
    bench = Bench()
    with pytest.raises(InputError, match="share a name"):
        run([bench.unit("a"), bench.unit("a", 1)], tmp_path)
    with pytest.raises(InputError, match="nothing to do"):
        run([], tmp_path)
    assert not bench.runs


@pytest.mark.parametrize("name", ["", "../a", "a/b", "A", "-a", "a" * 97, "a\n", 5])
def test_names_that_are_no_file_names_are_refused(name):
    with pytest.raises(InputError):
        Bench().unit(name)


@pytest.mark.parametrize("seed", [-1, 0.0, True, "0"])
def test_seeds_are_non_negative_integers(seed):
    with pytest.raises(InputError):
        Bench().unit("a", seed)
