"""The page of an audit for a terminal: the same words and numbers as the HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from zkapex_jax.cli.output import human_seconds
from zkapex_jax.report.audit import words
from zkapex_jax.report.audit.numbers import plural, power
from zkapex_jax.report.audit.schema import Audit, Judge, Line, ProofVerdict

_WIDEST = 118
_MOST_ROWS = 16
_COLORS = {"accepted": "green", "refused": "red", "disagreement": "bold white on red"}


def show(audit: Audit, html: Path | None = None) -> None:
    """Print the page to standard output; `html` is where the other form was written."""
    console = Console(highlight=False)
    console = Console(highlight=False, width=min(console.width, _WIDEST) if console.is_terminal else _WIDEST)
    for part in _parts(audit):
        console.print(part)
    if html is not None:
        console.print(f"\npage  {escape(str(html))}", soft_wrap=True)


def _parts(audit: Audit) -> Iterator[RenderableType]:
    yield from _head(audit)
    accepted = audit.outcome == "accepted"
    yield Rule("What it proves" if accepted else "What it would prove, were it accepted", align="left", style="dim")
    for number, line in enumerate(audit.lines, 1):
        yield _line(number, line)
    yield Rule("What it does NOT prove", align="left", style="dim")
    for entry in audit.not_proven:
        yield _item("–", Group(Text(entry.words), Text(f"narrowed by: {entry.narrowed}", style="dim")))
    yield Rule("What the verdict rests on", align="left", style="dim")
    for text in audit.taken:
        yield _item("·", Text(text))
    yield Rule("What a forgery costs", align="left", style="dim")
    yield _level(audit)
    yield Rule("Verdicts", align="left", style="dim")
    for proof in audit.proofs:
        yield _verdicts(proof)
    yield _verdict(audit)


def _head(audit: Audit) -> Iterator[RenderableType]:
    facts = audit.facts
    yield _verdict(audit)
    rows = [("client", facts.client_id), ("model", f"{facts.model} ({facts.architecture}), target {facts.pattern}")]
    if facts.answer:
        rows.append(("request", f"{facts.answer.request_id}: {facts.answer.forget}; ledger position {facts.answer.position}"))
        masked = f"{facts.answer.masked:,} masked"
        chunks = f"{plural(len(facts.answer.chunks), 'chunk')} of at most {facts.sizes.capacity:,}"
        rows.append(("weights", f"{facts.answer.weights:,} in {chunks}; {masked}"))
    elif facts.enrolled:
        rows.append(("weights", f"{facts.enrolled.weights:,} in {plural(len(facts.enrolled.chunks), 'chunk')}"))
    rows.append(("preset", facts.sizes.preset))
    rows.append(("error", f"below {power(-facts.soundness.all_bits)} a query, over everything audited here"))
    rows.append(("level", f"{facts.soundness.level} bits, decided by: {facts.soundness.weakest}"))
    rows.append(("signed by", facts.signer))
    grid = Table.grid(padding=(0, 2))
    for name, value in rows:
        grid.add_row(Text(name, style="dim"), Text(value))
    yield Padding(grid, (0, 0, 1, 1))


def _verdict(audit: Audit) -> RenderableType:
    told = [escape(words.verdict(audit))]
    told += [f"• {escape(line)}" for proof in audit.proofs for line in words.complaints(proof)]
    if audit.facts.insecure:
        told.append("[yellow]insecure: made with a test preset or a local reference string; it convinces nobody[/]")
    color = _COLORS[audit.outcome]
    return Panel(
        "\n".join(told), border_style="red" if audit.outcome != "accepted" else color, title=f"[{color}] {audit.outcome.upper()} [/]"
    )


def _line(number: int, line: Line) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2, justify="right")
    grid.add_column()
    grid.add_row(Text(str(number), style="bold"), Text(line.words, style="bold"))
    grid.add_row("", Text(line.formula, style="cyan"))
    for text in line.numbers:
        grid.add_row("", Text(text))
    docs = [f"docs/{heading.page} “{heading.heading.replace('`', '')}”" for heading in line.docs]
    places = [*([f"gates {', '.join(line.gates)}"] if line.gates else []), *docs]
    for text in [" · ".join(places), *(f"test {test}" for test in line.tests)]:
        grid.add_row("", Text(text, style="dim", overflow="fold"))
    return Padding(grid, (0, 0, 1, 0))


def _level(audit: Audit) -> RenderableType:
    """Luck and every assumption, as powers of two."""
    soundness, table = audit.facts.soundness, Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("way", "gains", "counted by"):
        table.add_column(name, overflow="fold")
    table.add_column("costs", justify="right", no_wrap=True)
    for name, bits in soundness.chunk_bits.items():
        table.add_row(f"luck, one chunk of {name}", "a false statement", "union over every challenge", power(bits))
    table.add_row("luck, everything audited", "a false statement", "union over chunks and proofs", power(soundness.all_bits))
    for one in soundness.assumptions:
        table.add_row(one.name, one.gains, one.estimate, power(one.bits))
    table.add_section()
    table.add_row(Text("level", style="bold"), soundness.weakest, "the least of all", Text(power(soundness.level), style="bold"))
    return Padding(table, (0, 0, 1, 1))


def _verdicts(proof: ProofVerdict) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("chunk")
    for judge in proof.judges:
        table.add_column(judge.name)
        table.add_column("time", justify="right")
    for chunk in _shown(proof):
        table.add_row(str(chunk), *(cell for judge in proof.judges for cell in _cells(judge, chunk)))
    table.add_section()
    whole = (cell for judge in proof.judges for cell in (_said(judge.accepted, judge.malformed), human_seconds(judge.seconds)))
    table.add_row("all", *whole)
    hidden = len(proof.chunks) - len(_shown(proof))
    more = f"; {plural(hidden, 'chunk')} that every verifier accepts not listed" if hidden else ""
    title = Text(f"{words.PROOF_TITLES[proof.proof]}, {plural(proof.weights, 'weight')}{more}")
    programs = Text("; ".join(f"{judge.name}: {judge.program}" for judge in proof.judges), style="dim")
    return Padding(Group(title, table, programs), (0, 0, 1, 1))


def _shown(proof: ProofVerdict) -> list[int]:
    """Of many chunks, those that not every verifier accepts; the HTML page and --json list all."""
    if len(proof.chunks) <= _MOST_ROWS:
        return proof.chunks
    said = {chunk: [judge.verdict(chunk) for judge in proof.judges] for chunk in proof.chunks}
    return [chunk for chunk, verdicts in said.items() if not all(verdict and verdict.accepted for verdict in verdicts)]


def _cells(judge: Judge, chunk: int) -> tuple[str, str]:
    said = judge.verdict(chunk)
    return (_said(said.accepted), human_seconds(said.seconds)) if said else ("[red]not judged[/]", "–")


def _said(accepted: bool, malformed: bool = False) -> str:
    return "[green]accepted[/]" if accepted else "[red]malformed[/]" if malformed else "[red]refused[/]"


def _item(mark: str, text: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(f" {mark}", style="yellow"), text)
    return grid
