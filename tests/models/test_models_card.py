"""The proof's section of a model card: what is around it is kept, and words of others stay words."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
