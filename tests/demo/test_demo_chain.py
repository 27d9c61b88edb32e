"""The parts of the demo's chain: who forgets what when, how lies are judged, what counts as a failure of the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zkapex_jax.demo.attempts import Attempt, try_all, twin
from zkapex_jax.demo.cheats import _largest
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.collect import Record, find_failures
from zkapex_jax.demo.display import Quiet
from zkapex_jax.demo.options import DemoOptions, prepare
from zkapex_jax.demo.scene import SECOND_CLASSES, Scene, chain_task, joined, pick
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.report.chain import Link, Openings
from zkapex_jax.report.parts import Cheat


@pytest.fixture(scope="module")
def scene() -> Scene:
    task, groups = chain_task("easy", 0)
    return Scene(task, None, {}, {}, None, groups)


def test_the_client_has_no_class_of_any_request(scene: Scene) -> None:
    gone = {label for group in scene.groups for label in group}
    assert gone == {3, 8, *SECOND_CLASSES}
    for examples in (scene.task.personal_train, scene.task.personal_test, scene.task.retain):
        assert not gone & set(examples["labels"].tolist())


def test_sets_of_the_two_requests_are_disjoint(scene: Scene) -> None:
    tests = scene.tests
    assert set(tests["forget"]["labels"].tolist()) == {3, 8}
    assert set(tests["forget_second"]["labels"].tolist()) == set(SECOND_CLASSES)
    assert len(tests["forget"]["labels"]) + len(tests["forget_second"]["labels"]) == len(scene.task.forget["labels"])


def test_the_first_request_keeps_what_the_second_forgets(scene: Scene) -> None:
    (forget, retain), (forget_second, retain_second) = scene.request_data(0), scene.request_data(1)
    assert set(forget["labels"].tolist()) == {3, 8}
    assert set(SECOND_CLASSES) <= set(retain["labels"].tolist())
    assert set(forget_second["labels"].tolist()) == set(SECOND_CLASSES)
    assert not {3, 8, *SECOND_CLASSES} & set(retain_second["labels"].tolist())
    assert scene.forget_text(0) == "Digits 3 and 8"
    assert replace(scene, groups=((1, 2, 3), (7,))).forget_text(0) == "Digits 1, 2 and 3"


def test_picking_and_joining_keep_the_order() -> None:
    examples = {"labels": np.array([1, 2, 1, 3]), "pixel_values": np.arange(4)}
    assert pick(examples, (1, 3))["pixel_values"].tolist() == [0, 2, 3]
    assert joined(pick(examples, (1,)), pick(examples, (2,)))["pixel_values"].tolist() == [0, 2, 1]


def raises(error: Exception):
    def fail(*_: object) -> str | None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("make", "send", "refused", "reason"),
    [
        (lambda: 1, lambda made: "chunk 0: no", True, "chunk 0: no"),
        (lambda: 1, raises(RefusedError("is stale", code="x")), True, "is stale"),
        (lambda: 1, lambda made: None, False, "accepted"),
        (lambda: 1, raises(InputError("is cut short", code="x")), False, "could not be tried"),
        (raises(RefusedError("was opened too often", code="x")), lambda made: "chunk 0: no", False, "could not be tried"),
    ],
    ids=["verifier", "rule", "accepted", "malformed", "own program refuses"],
)
def test_only_the_provider_s_word_is_a_refusal(make, send, refused: bool, reason: str) -> None:
    cheats = try_all("act", [Attempt("lie", "title", "detail", make, send)], Clock(Quiet()))
    assert cheats["lie"].refused is refused
    assert cheats["lie"].reason.startswith(reason)


def test_a_twin_leaves_the_honest_count_alone(tmp_path) -> None:
    folders = prepare(DemoOptions(out=tmp_path / "run"))
    (folders.client / "openings.json").write_text("2")
    (folders.client / "model").mkdir()
    copy = twin(folders, "liar")
    (copy / "openings.json").write_text("4")
    assert (folders.client / "openings.json").read_text() == "2"
    assert not (copy / "model").exists()
    assert copy.parent.stat().st_mode & 0o077 == 0
    folders.summary.write_text("{}")
    prepare(DemoOptions(out=tmp_path / "run", force=True))
    assert not folders.cheats.exists()


def test_largest_takes_a_hundredth_and_one_at_least() -> None:
    theta = np.array([5, -900, 7, 0, 300] + [1] * 295, np.int32)
    assert _largest(theta, np.arange(300)).tolist() == [1, 4, 2]
    assert _largest(theta, np.array([0, 2])).tolist() == [2]


def test_what_comes_back_is_a_failure() -> None:
    left = Openings(weights=1, rows=1, limit=31)
    link = Link(position=2, event="request 2", stage="second", forgotten=10, nonzero=3, openings=left, state="ab" * 32)
    cheat = Cheat(refused=False, reason="accepted", title="", detail="", named=[])
    assert find_failures(Record(chain=[link.model_copy(update={"nonzero": 0})])) == []
    assert find_failures(Record(chain=[link], cheats={"lie": cheat})) == [
        "cheat lie was not refused: accepted",
        "position 2: 3 of 10 forgotten weights are not zero",
    ]
