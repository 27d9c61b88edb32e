"""docs/notation.md names places; each of them exists. So do the tests and files that the other documents name."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_prover.vectors import enrolment_forgeries, forgeries

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: A file and a name in it: `fold_kkt.py` `mask`.
_PLACE = re.compile(r"`([\w/]+\.(?:py|rs))` `(\w+)`")
_FOLDER = re.compile(r"`([\w/]+/)`")
#: A file of the repository, and maybe a name in it.
_FILE = re.compile(r"`((?:tests|prover|reference_prover|zkapex_jax|docs|golden|vectors)/[\w/.-]+\.(?:py|rs|md|json))`(?: `(\w+)`)?")
_LINK = re.compile(r"\]\(([\w./-]+\.(?:md|svg|png))(?:#([\w-]+))?\)")


def tables(page: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Heads and rows of every table of a page."""
    block: list[list[str]] = []
    for line in [*(DOCS / page).read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            block.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif block:
            yield block[0], block[2:]
            block = []


def places() -> Iterator[tuple[str, str, str]]:
    """Folder, file and name of every place of the notation, from the columns whose head names a folder."""
    for head, rows in tables("notation.md"):
        for index, title in enumerate(head):
            if folder := _FOLDER.search(title):
                for row in rows:
                    found = _PLACE.findall(row[index])
                    assert found or not row[index], f"{row[0]}: {row[index]} is no place"
                    yield from ((folder[1], file, name) for file, name in found)


PLACES = sorted(set(places()))


def test_the_notation_names_places_of_every_form() -> None:
    folders = {folder.split("/")[0] for folder, _, _ in PLACES}
    assert folders == {"reference_prover", "zkapex_jax", "prover"} and len(PLACES) > 100


@pytest.mark.parametrize(("folder", "file"), sorted({place[:2] for place in PLACES}))
def test_places_exist(folder: str, file: str) -> None:
    text = (ROOT / folder / file).read_text(encoding="utf-8")
    missing = [name for place, path, name in PLACES if (place, path) == (folder, file) and not re.search(rf"\b{name}\b", text)]
    assert not missing, f"{folder}{file} has no {missing}"


def test_every_sum_has_its_forgeries() -> None:
    """The two tables of sums name exactly the powers and forgeries that the reference prover has."""
    online, enrolment = ([(int(row[0]), name) for row in rows for _, name in _PLACE.findall(row[2])]
                         for head, rows in tables("notation.md") if head[0] == "power of μ")  # fmt: skip
    assert online == [(power, forge.__name__) for power, forge in forgeries.FORGERIES.items()]
    assert sorted(enrolment) == sorted((forgery.power, forgery.name) for forgery in enrolment_forgeries.FORGERIES)


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_files_and_tests_that_a_page_names_exist(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for file, name in _FILE.findall(text):
        path = ROOT / file
        assert path.is_file(), f"{page}: {file}"
        assert not name or re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")), f"{page}: {file} has no {name}"


def test_the_reading_list_of_the_auditor_exists() -> None:
    (rows,) = [rows for head, rows in tables("auditor.md") if head[1].startswith("read, in")]
    files = [file for row in rows for file in re.findall(r"`([\w/]+\.py)`", row[1]) if not file.startswith("reference_prover/")]
    assert len(files) > 30
    assert not [file for file in files if not (ROOT / "reference_prover" / file).is_file()]


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_between_pages_lead_somewhere(page: str) -> None:
    for target, anchor in _LINK.findall((DOCS / page).read_text(encoding="utf-8")):
        path = DOCS / target
        assert path.is_file(), f"{page}: {target}"
        assert not anchor or anchor in {_anchor(line) for line in _headings(path)}, f"{page}: {target}#{anchor}"


def _headings(path: Path) -> list[str]:
    return [line.lstrip("#").strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]


def _anchor(heading: str) -> str:
    """As renderers of Markdown make it: lower case, words and hyphens only."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_targets_that_a_page_names_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", (DOCS / page).read_text(encoding="utf-8"))) <= targets
