"""A task on a folder made here: sets apart, tests by language, own network and checkpoint; and what the study refuses."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.code.checkpoint import checkpoint_language
from experiments.code.config import CodeConfig
from experiments.code.lora import Lora
from experiments.code.network import Network, fresh_params, tiny_model
from experiments.code.origin import Origin
from experiments.code.settings import FEED_FORWARD, Sizes, TaskConfig
from experiments.code.task import build_task, own_language
from experiments.code.tokens import train_bpe
from zkapex_jax.errors import InputError
from zkapex_jax.models import new_model, save_checkpoint
from zkapex_jax.models.targets import paths_of
from zkapex_jax.tasks.training import Schedule

NETWORK = Network(vocabulary=300, tokens=16, hidden=16, feed_forward=32, layers=1, heads=2, initial_deviation=0.1)
SHORT = Schedule(epochs=1, batch=8, learning_rate=1e-3)
SETTING = TaskConfig(
    name="small", title="three made-up languages", forget=("cobol", "lisp"),
    sizes=Sizes(10**6, 10**6, 0.7, 0.6, request=12, tests=20),
    base=SHORT, personal=SHORT, lora=None, pattern=FEED_FORWARD, sparsity=0.1, preset="toy",
)  # fmt: skip


LINES = {"lisp": "(define {name} (plus {other} y))\n", "ada": "{name} : Integer := {other};\n", "ml": "let {name} = {other} in\n",
         "mine": "def {name}(): return {other}\n"}  # fmt: skip


def line(language, number):
    """A line whose name no other number gives; letters alone, since a text full of digits counts as a table."""
    name = str(number).translate(str.maketrans("0123456789", "abcdefghij"))
    return LINES[language].format(name=name, other="uvwxyzq"[number % 7])


def write(folder, language, files=8):
    folder.mkdir(parents=True)
    for index in range(files):
        start = 100 * index + 1000 * len(language)
        (folder / f"{index}.txt").write_text("".join(line(language, number) for number in range(start, start + 40)))
    return folder


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    for language in ("lisp", "ada", "ml"):
        write(root / "data" / language, language)
    return Origin(root / "data", write(root / "mine", "mine"))


def task_of(origin, seed=0, setting=SETTING, language=None):
    corpus = origin.corpus(setting.sizes.language_bytes, setting.sizes.private_bytes)
    return build_task(setting, corpus, language or own_language(NETWORK), seed)


def rows(examples):
    assert np.array_equal(examples["input_ids"], examples["labels"])
    return {row.tobytes() for row in examples["input_ids"]}


def test_sets_are_apart_and_the_request_is_of_the_training_set(origin):
    task = task_of(origin)
    train = {"forget": rows(task.base_forget), "retain": rows(task.base_retain), "private": rows(task.personal_train)}
    for name, examples in task.tests.items():
        held = rows(examples)
        assert not any(held & trained for trained in train.values()), name
    assert not train["forget"] & train["retain"]
    assert rows(task.request_forget) <= train["forget"] and rows(task.request_retain) <= train["retain"]
    assert len(task.request_forget["labels"]) == len(task.request_retain["labels"]) == 12


def test_tests_are_by_language_and_the_kept_ones_weigh_alike(origin):
    task = task_of(origin)
    assert set(task.tests) == {"forget", "retain", "personal", "ada", "ml"}
    ada, ml, retain = (rows(task.tests[name]) for name in ("ada", "ml", "retain"))
    assert len(retain & ada) == len(retain & ml) and retain <= ada | ml


def test_the_first_language_that_is_there_is_forgotten(origin):
    corpus = origin.corpus(10**6, 10**6)
    assert SETTING.forgotten(corpus) == "lisp"
    with pytest.raises(InputError, match="ada, lisp, ml"):
        replace(SETTING, forget=("cobol",)).forgotten(corpus)


def test_a_seed_repeats_itself_and_shares_the_model(origin):
    first, again, other = task_of(origin), task_of(origin), task_of(origin, 1)
    assert all(np.array_equal(first.tests[name]["labels"], again.tests[name]["labels"]) for name in first.tests)
    assert rows(first.base_forget) != rows(other.base_forget)
    assert first.model is other.model


@pytest.mark.parametrize("lora", [None, Lora(2, 4.0, FEED_FORWARD)])
def test_a_client_tunes_all_weights_or_adapters(origin, lora):
    task = task_of(origin, setting=replace(SETTING, lora=lora))
    base = task.fresh(0)
    before, after = paths_of(base), paths_of(task.personalise(base))
    changed = {path for path in before if not np.array_equal(before[path], after[path])}
    assert "model/decoder/layers/0/fc1/kernel" in changed
    assert len(changed) == 2 if lora else len(changed) > 5


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A folder as OPT-125M's: configuration, weights, and the older pair of tokenizer files."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = train_bpe(["".join(line(name, number) for number in range(300)) for name in ("lisp", "ada", "ml", "mine")], 280)
    save_checkpoint(folder, tiny_model(NETWORK), fresh_params(NETWORK, 3))
    tokenizer.model.save(str(folder))
    return folder


def test_a_checkpoint_is_where_every_seed_starts(origin, checkpoint):
    language = checkpoint_language(checkpoint, 16)
    task = task_of(origin, 4, language=language)
    expected = paths_of(fresh_params(NETWORK, 3))
    assert all(np.array_equal(value, expected[path]) for path, value in paths_of(task.fresh(4)).items())
    assert task.base_forget["labels"].max() < 280
    assert np.isfinite(paths_of(task.train_base(task.base_train))["model/decoder/layers/0/fc1/kernel"]).all()


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path):
    config = {"model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 3, "hidden_size": 8,
              "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}  # fmt: skip
    save_checkpoint(tmp_path, *new_model(config, 0))
    with pytest.raises(InputError, match="another architecture.*vit"):
        checkpoint_language(tmp_path, 16)


def test_a_missing_or_short_checkpoint_is_refused(tmp_path, checkpoint):
    with pytest.raises(InputError, match="nowhere.*is not a folder"):
        checkpoint_language(tmp_path / "nowhere", 16)
    with pytest.raises(InputError, match="at least 17 positions"):
        checkpoint_language(checkpoint, 17)


def config(origin, **parts):
    return CodeConfig(tasks=("small",), settings=(SETTING,), network=NETWORK, origin=origin, **parts)


def test_the_digest_follows_texts_and_weights_but_not_their_place(origin, checkpoint, tmp_path):
    plain = config(origin).digest()
    assert plain == config(origin, seeds=(5, 6)).digest()
    assert plain != config(replace(origin, checkpoint=checkpoint)).digest()
    for language in ("lisp", "ada", "ml"):
        write(tmp_path / "data" / language, language)
    mine = write(tmp_path / "mine", "mine")
    assert config(Origin(tmp_path / "data", mine)).digest() == plain
    for path in mine.iterdir():
        path.write_text(path.read_text() + "pass\n")
    other = Origin(tmp_path / "data", mine.rename(tmp_path / "other"))
    assert config(other).digest() != plain


@pytest.mark.parametrize("parts", [{"seeds": (1,)}, {"seeds": (1, 1)}, {"seeds": (-1, 2)}])
def test_a_malformed_study_is_refused(origin, parts):
    with pytest.raises(InputError):
        config(origin, **parts)


def test_an_unknown_task_is_refused(origin):
    with pytest.raises(InputError, match="must be among small"):
        replace(config(origin), tasks=("large",))


@pytest.mark.parametrize("parts", [{"data": "x"}, {"personal": "x"}])
def test_folders_belong_together(parts):
    with pytest.raises(InputError, match="belong together"):
        Origin(**parts)
