"""How the client's gradient rows are made, and that stages of one task may differ in that alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from experiments.lab.row_choice import DRAWN, EXAMPLES, SKETCH, Rows
from experiments.lab.unlearning.stage import Stage
from zkapex_jax.errors import InputError


@pytest.mark.parametrize(("kind", "draws"), [("sampled", 0), (EXAMPLES, 5), (DRAWN, 5), (SKETCH, 0), (SKETCH, -1), (SKETCH, True)])
def test_choices_are_checked(kind: str, draws: int) -> None:
    with pytest.raises(InputError):
        Rows(kind, draws)


def test_each_kind_makes_as_many_rows_and_only_examples_use_the_labels(stage: Stage) -> None:
    rows = {kind: stage.variant(preset="toy", rows=Rows(kind, 64 if kind == SKETCH else 0)).rows for kind in (EXAMPLES, DRAWN, SKETCH)}
    assert {found.shape for found in rows.values()} == {stage.rows.shape}
    np.testing.assert_array_equal(rows[EXAMPLES], stage.rows)
    assert not np.array_equal(rows[DRAWN], stage.rows)
    assert np.isfinite(rows[SKETCH]).all() and rows[SKETCH].any(axis=1).all()


def test_a_variant_shares_models_and_masks(stage: Stage) -> None:
    other = stage.variant(preset="toy", rows=Rows(DRAWN))
    assert other.tuned is stage.tuned and other.mask("second-order") is stage.mask("second-order")
    assert other.task.rows.kind == DRAWN and stage.task.rows.kind == EXAMPLES


def test_only_a_sketch_has_more_rows_than_the_client_has_examples(stage: Stage) -> None:
    held = len(next(iter(stage.task.personal_train.values())))
    with pytest.raises(InputError, match=f"has {held} examples"):
        stage.gradient_rows(held + 1)
    sketched = Stage(replace(stage.task, rows=Rows(SKETCH, 8)))
    sketched.__dict__ |= {name: getattr(stage, name) for name in ("base", "tuned")}
    assert len(sketched.gradient_rows(held + 1)) == held + 1
