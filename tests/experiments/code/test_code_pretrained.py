"""What a study of a pretrained OPT changes, and what it refuses."""

import argparse

import pytest

from experiments.code import pretrained
from experiments.code.config import FULL, SERVED
from experiments.lab.row_choice import EXAMPLES
from experiments.lab.sizes import preset_of
from zkapex_jax.errors import InputError
from zkapex_jax.models.chunks import chunk_bounds

#: Of OPT-125M: a hidden size of 768, four times as much in its feed-forward layers.
KERNEL = 768 * 3072


def options(*words):
    parser = argparse.ArgumentParser()
    pretrained.add_options(parser)
    return parser.parse_args(words)


def test_a_large_network_is_not_tuned_and_cut_as_the_small_one():
    config = pretrained.pretrained(FULL, options())
    (task,) = config.settings
    assert task.pattern == pretrained.PATTERN and task.preset == SERVED and task.rows.kind == EXAMPLES
    assert task.base.learning_rate == task.personal.learning_rate == config.relearning.rate <= 1e-4
    assert preset_of(task.preset).client_rows * KERNEL * 4 < 2**30, "gradient rows in less than a gibibyte"
    assert len(chunk_bounds(KERNEL, preset_of(task.preset).capacity)) < 100
    assert not config.frontier.choices and not config.frontier.damping
    assert task.sizes == FULL.settings[0].sizes and config.seeds == FULL.seeds


def test_what_is_given_is_taken():
    words = ["--pattern", "model/decoder/layers/*/fc2/kernel", "--preset", "toy", "--sparsity", "0.3", "--learning-rate", "1e-4", "--epochs", "2", "--batch", "4"]
    config = pretrained.pretrained(FULL, options(*words))
    (task,) = config.settings
    assert (task.pattern, task.preset, task.sparsity, task.base.learning_rate, task.base.epochs, task.personal.batch) == (
        "model/decoder/layers/*/fc2/kernel", "toy", 0.3, 1e-4, 2, 4)  # fmt: skip
    assert pretrained.given(options(*words)) == ["--pattern", "--preset", "--sparsity", "--learning-rate", "--epochs", "--batch"]
    assert pretrained.given(options()) == []


@pytest.mark.parametrize("words", [("--learning-rate", "0"), ("--learning-rate", "nan"), ("--sparsity", "1"), ("--epochs", "0"), ("--batch", "-1")])
def test_numbers_out_of_range_are_refused_by_name(words):
    with pytest.raises(InputError) as caught:
        pretrained.pretrained(FULL, options(*words))
    assert caught.value.field == words[0]
