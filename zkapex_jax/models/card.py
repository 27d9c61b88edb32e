"""The section of a model card (`README.md`) that states what was proven. The rest of a card is its author's and is kept."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import PUBLIC_MODE, SECRET_MODE, write_text
from zkapex_jax.formats.reading import read_bytes

CARD_FILE = "README.md"
BEGIN, END = "<!-- zkapex: proof of unlearning, begin -->", "<!-- zkapex: proof of unlearning, end -->"
MAX_CARD_BYTES = 2**22
#: A card where there was none: metadata as huggingface_hub reads it, of what is true of every checkpoint that is served.
NEW_CARD = "---\nlibrary_name: transformers\ntags:\n- machine-unlearning\n- zero-knowledge-proof\n---\n\n# Model card\n"

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~<>&$:@-])")


def put_section(card: str, section: str) -> str:
    """The card with `section` between the markers: in place of an earlier one, else at its end. Twice changes nothing.

    Raises:
        InputError: the markers of the card do not fit together, or the section holds one.
    """
    if BEGIN in section or END in section:
        raise InputError("holds a marker", code="model_card", field="section")
    begins, ends = card.count(BEGIN), card.count(END)
    if (begins, ends) not in ((0, 0), (1, 1)) or card.find(END) < card.find(BEGIN):
        raise InputError("its markers of the proof's section must stand once each, in order", code="model_card", field=CARD_FILE,
                         hint="remove that section from the card")  # fmt: skip
    block = f"{BEGIN}\n{section.strip()}\n{END}"
    if begins:
        head, tail = card[: card.find(BEGIN)], card[card.find(END) + len(END) :]
        return f"{head}{block}{tail}"
    return f"{card.rstrip()}\n\n{block}\n" if card.strip() else f"{block}\n"


def write_card(folder: Path, section: str, *, private: bool = False) -> Path:
    """Put the section into the folder's card, making one where there is none.

    Raises:
        InputError: the card is too long, not UTF-8, or as `put_section`. StorageError: the system refuses.
    """
    path = folder / CARD_FILE
    card = NEW_CARD
    if path.exists():
        try:
            card = read_bytes(path, max_bytes=MAX_CARD_BYTES).decode()
        except UnicodeDecodeError as error:
            raise InputError("is not UTF-8 text", code="model_card", file=path) from error
    try:
        text = put_section(card, section)
    except InputError as error:
        raise error.in_file(path) from error
    write_text(path, text, force=True, mode=SECRET_MODE if private else PUBLIC_MODE)
    return path


def plain(text: str) -> str:
    """Text of others as Markdown that says just that: one line, no markup, no HTML, no link."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return _MARKUP.sub(lambda match: f"&#{ord(match[1])};", line)


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns, without a head worth reading; cells are Markdown already."""
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def code(value: str) -> str:
    """A digest or name in a code span."""
    return f"<code>{html.escape(value)}</code>"
