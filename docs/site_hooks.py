"""What MkDocs asks for when it builds the site: the command line's reference, written from the code; the notebook as a page; and links
that are named by their page's title, where the file says the file's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

NOTEBOOK = Path(__file__).parent / "notebooks" / "unlearn.ipynb"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages. Called by MkDocs."""
    from mkdocs.structure.files import File

    for name, text in (("cli.md", command_line()), ("notebook.md", notebook(NOTEBOOK))):
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Called by MkDocs for each page."""
    titles = {file.src_uri: file.page.title for file in files.documentation_pages() if file.page is not None and file.page.title}
    return titled(markdown, titles)


def titled(markdown: str, titles: dict[str, str]) -> str:
    """`[client.md](client.md#x)` with the page's title for its text: a site shows no files."""
    return re.sub(
        r"\[([\w-]+\.md)\]\(\1(#[\w-]+)?\)", lambda link: f"[*{titles.get(link[1], link[1])}*]({link[1]}{link[2] or ''})", markdown
    )


def command_line() -> str:
    """Every command, at any depth, with its help, options and examples, as the program itself knows them."""
    from zkapex_jax.cli.main import app

    program: Any = typer.main.get_command(app)
    intro = "Every command and option, written from the program. `zkapex COMMAND --help` says the same."
    return "\n\n".join(["# Command line", intro, *_command(program, "zkapex")]) + "\n"


def _command(command: Any, name: str) -> Iterator[str]:
    if name != "zkapex":
        yield f"## `{name}`"
    if command.help:
        yield _plain(command.help)
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False) and parameter.name != "help"]
    if shown:
        yield "\n".join(["| option | |", "| --- | --- |", *(_parameter(parameter) for parameter in shown)])
    examples = re.findall(r"\$ (zkapex .*)", command.epilog or "")
    if examples:
        yield "\n".join(f"    {line}" for line in examples)
    for inner_name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _command(inner, f"{name} {inner_name}")


def _parameter(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    is_argument = parameter.param_type_name == "argument"
    shown = [parameter.metavar or parameter.name.upper()] if is_argument else names
    metavar = "" if is_argument or getattr(parameter, "is_flag", False) or not parameter.metavar else f" {parameter.metavar}"
    words = " ".join(_plain(parameter.help or "").split()) + _when_left_out(parameter)
    head = ", ".join(f"`{name}{metavar}`" for name in shown).replace("|", "/")
    return f"| {head} | {words} |"


def _when_left_out(parameter: Any) -> str:
    if parameter.required:
        return " *Required.*"
    variable = f" Or `${parameter.envvar}`." if parameter.envvar else ""
    if not getattr(parameter, "show_default", False) or parameter.default in (None, False, ()):
        return variable
    return f" Default: {_plain(_default(parameter))}.{variable}"


def _default(parameter: Any) -> str:
    if parameter.default is True:
        return f"`{parameter.opts[0]}`"
    return f"`{parameter.default}`"


def _plain(text: str) -> str:
    """Help text without the marks of the terminal; angle brackets and pipes made harmless."""
    text = re.sub(r"(?<!\\)\[/?(?:bold|dim|yellow|red|green)?\]", "", text).replace("\\[", "[")
    return text.replace("<", "&lt;").replace("|", "&#124;").replace("\f", "").replace("**", "\\*\\*")


def notebook(path: Path) -> str:
    """The notebook as Markdown: words as they are, code fenced, what it printed below."""
    cells = json.loads(path.read_text())["cells"]
    parts = [text for cell in cells for text in _cell(cell)]
    parts = [parts[0], *(re.sub(r"\A(#+) ", r"#\1 ", part) for part in parts[1:])]  # one title a page
    return "\n\n".join([*parts, "[The notebook itself](notebooks/unlearn.ipynb), to run."]) + "\n"


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source.replace("](../", "](")
        return
    yield f"```python\n{source}\n```"
    printed = "".join("".join(output.get("text", "")) for output in cell["outputs"] if output["output_type"] == "stream")
    if printed:
        yield f"```text\n{printed.rstrip()}\n```"
