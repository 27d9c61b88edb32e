"""The site: its navigation names every page, its generated pages hold every command, it asks nothing of other hosts."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import typer
import yaml

import zkapex_jax

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Written when the site is built.
GENERATED = {"cli.md", "notebook.md"}
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text())


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    return load("site_hooks")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    children = entry.values() if isinstance(entry, dict) else entry
    return [page for child in children for page in pages(child)]


def test_the_navigation_names_every_page_once() -> None:
    named = pages(CONFIG["nav"])
    assert len(named) == len(set(named))
    assert set(named) == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} | GENERATED


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert CONFIG["theme"]["font"] is False and "offline" not in CONFIG["plugins"]
    assert "extra_javascript" not in CONFIG and "analytics" not in CONFIG["extra"]
    styles = [(DOCS / name).read_text() for name in CONFIG["extra_css"]]
    assert not [text for text in styles if re.search(r"@import|url\(|//", text)]
    outside = re.compile(r"!\[[^]]*\]\(https?:|<(?:img|script|link|iframe)\b[^>]*https?:")
    assert not [path.name for path in DOCS.glob("*.md") if outside.search(path.read_text())]


def test_the_reference_holds_every_command_and_option(hooks: ModuleType) -> None:
    from zkapex_jax.cli.main import app

    text = hooks.command_line()
    seen = 0
    waiting = [("zkapex", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{name} {word}", child) for word, child in inner.items()]
        if name != "zkapex":
            section = text.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
            assert section, name
            for parameter in command.params:
                assert parameter.name == "help" or all(word in section for word in parameter.opts if word.startswith("--")), (name, parameter)
            seen += 1
    assert seen > 40


def test_rows_of_the_reference_have_two_cells(hooks: ModuleType) -> None:
    rows = [line for line in hooks.command_line().splitlines() if line.startswith("|")]
    assert len(rows) > 200 and all(line.count("|") == 3 for line in rows)
    assert not [line for line in rows if re.search(r"\[/?(bold|dim|yellow)\]", line)]


def test_the_reference_tells_defaults_and_variables(hooks: ModuleType) -> None:
    text = hooks.command_line()
    section = text.partition("## `zkapex request`\n")[2].partition("\n## ")[0]
    assert "Share of the target weights to zero. Default: `0.05`. |" in section
    assert "Default: ~/.cache/zkapex, or zkapex in $XDG_CACHE_HOME. Or `$ZKAPEX_CACHE`. |" in section
    assert "*Required.* Default" not in text and "Default: ``" not in text


def test_links_bear_the_titles_of_their_pages(hooks: ModuleType) -> None:
    titles = {"client.md": "For the client", "faq.md": "Errors"}
    assert hooks.titled("see [client.md](client.md#2-answer), [faq.md](faq.md)", titles) == "see [*For the client*](client.md#2-answer), [*Errors*](faq.md)"
    other = "[our words](client.md), [client.md](faq.md), [none.py](none.py)"
    assert hooks.titled(other, titles) == other


def test_the_notebook_becomes_a_page_with_all_it_says(hooks: ModuleType) -> None:
    cells = json.loads((DOCS / "notebooks" / "unlearn.ipynb").read_text())["cells"]
    page = hooks.notebook(DOCS / "notebooks" / "unlearn.ipynb")
    assert page.count("```python\n") == sum(cell["cell_type"] == "code" for cell in cells)
    assert all("".join(cell["source"]) in page for cell in cells if cell["cell_type"] == "code")
    assert page.startswith("# ") and "```text" in page


def test_the_api_page_names_every_name_at_the_top() -> None:
    named = re.findall(r"^::: (\S+)$", (DOCS / "api.md").read_text(), re.MULTILINE)
    covered = {name.rpartition(".")[2] for name in named} | {"ZkapexError"}
    assert "zkapex_jax.errors" in named and set(zkapex_jax.__all__) <= covered


def test_examples_of_docstrings_are_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Markdown they would be quotations, and `["w"][0, 0]` a link."""
    monkeypatch.setitem(sys.modules, "griffe", SimpleNamespace(Extension=object))
    fenced = load("site_docstrings").fenced
    for name in zkapex_jax.__all__:
        text = inspect.getdoc(getattr(zkapex_jax, name)) or ""
        code = "\n".join(re.findall(r"(?ms)^```pycon\n(.*?)\n```$", fenced(text)))
        assert code.count(">>> ") == text.count(">>> ") and ">>> " not in re.sub(r"(?ms)^```pycon\n.*?\n```$", "", fenced(text))
    assert fenced("A.\n\n    >>> 1 + 1\n    2\n\n    B.") == "A.\n\n    ```pycon\n    >>> 1 + 1\n    2\n    ```\n\n    B."
