"""The proof's section of a model card: what is around it is kept, and words of others stay words."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from huggingface_hub import ModelCard, metadata_load

from zkapex_jax.errors import InputError
from zkapex_jax.models.card import BEGIN, END, code, plain, put_section, table, write_card

CARDS = st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=60).filter(lambda text: BEGIN not in text and END not in text)


@given(CARDS, CARDS, CARDS)
def test_everything_else_is_kept(card: str, first: str, second: str) -> None:
    once = put_section(card, first)
    assert once.startswith(card.rstrip()) and once.count(BEGIN) == once.count(END) == 1
    assert put_section(once, first) == once
    assert put_section(once, second) == put_section(card, second)
    around = f"{once}\nmore words\n"
    assert put_section(around, second).endswith("\nmore words\n")


@given(st.text())
def test_words_of_others_are_no_markup(words: str) -> None:
    shown = plain(words)
    assert not re.search(r"[\\`*_{}\[\]()+!|~<>$:@\n\r-]", shown)
    assert html.unescape(shown).split() == "".join(char if char.isprintable() else " " for char in words).split()
    assert "<" not in code(words).removeprefix("<code>").removesuffix("</code>")


def test_hostile_words() -> None:
    for words in (END, "<script>", "| a | b |", "[x](http://y)", "a\n\n# Accepted"):
        section = table([("name", plain(words))])
        assert put_section("", section).count(END) == 1 and section.count("\n") == 2 and "<" not in section and "](" not in section


@pytest.mark.parametrize("card", [BEGIN, END, END + BEGIN, BEGIN + END + BEGIN + END, BEGIN + BEGIN + END])
def test_markers_that_do_not_fit(card: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card)
    with pytest.raises(InputError) as error:
        write_card(tmp_path, "words")
    assert error.value.code == "model_card" and (tmp_path / "README.md").read_text() == card
    with pytest.raises(InputError):
        put_section("", card)


def test_files(tmp_path: Path) -> None:
    assert "words" in write_card(tmp_path, "words", private=True).read_text()
    assert (tmp_path / "README.md").stat().st_mode & 0o777 == 0o600
    (tmp_path / "README.md").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        write_card(tmp_path, "words")
    (tmp_path / "README.md").write_bytes(b"a" * (2**22 + 1))
    with pytest.raises(InputError, match="longer"):
        write_card(tmp_path, "words")


SECTION = "## Proof\n\n---\n| | |\n| --- | --- |\n| a: b | - c |\n---"
METADATA = {
    "licence": ({"license": "mit", "tags": ["a"]}, "---\nlicense: mit\ntags: [a]\n---\n# Mine\n"),
    "other line ends": ({"license": "mit"}, "---\r\nlicense: mit\r\n---\r\n# Mine\r\n"),
    "metadata alone": ({"license": "mit"}, "---\nlicense: mit\n---"),
    "none": ({}, "# Mine\n"),
    "empty": ({}, ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", METADATA)
def test_metadata_of_a_card_is_read_as_before(kind: str, tmp_path: Path) -> None:
    """By huggingface_hub, from the file that is written."""
    wanted, card = METADATA[kind]
    (tmp_path / "README.md").write_bytes(card.encode())
    for _ in range(2):
        read = ModelCard.load(write_card(tmp_path, SECTION))
        assert read.data.to_dict() == wanted and BEGIN in read.text and "| a: b | - c |" in read.text
    assert (metadata_load(tmp_path / "README.md") or {}) == wanted


def test_a_measured_result_stays_in_the_metadata(tmp_path: Path) -> None:
    results = "model-index:\n- name: m\n  results:\n  - task: {type: image-classification}\n    dataset: {type: digits, name: Digits}\n    metrics: [{type: accuracy, value: 0.9}]\n"
    (tmp_path / "README.md").write_text(f"---\n{results}---\n# Mine\n")
    (result,) = ModelCard.load(write_card(tmp_path, SECTION)).data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == ("accuracy", 0.9, "Digits")


def test_a_new_card_names_the_library(tmp_path: Path) -> None:
    read = ModelCard.load(write_card(tmp_path, SECTION))
    assert read.data.library_name == "transformers" and "machine-unlearning" in read.data.tags
    assert read.text.lstrip().startswith("# Model card")
