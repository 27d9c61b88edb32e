"""Options that commands share, worded once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkapex_jax.presets import DEFAULT_PRESET as SERVING_PRESET
from zkapex_jax.presets import PRESETS
from zkapex_jax.protocol import Base, Enrolment, Request

if TYPE_CHECKING:
    from zkapex_jax.workflow.cluster.cluster import Cluster
    from zkapex_jax.workflow.toolchain import Toolchain

CLIENT, PROVIDER, ANYONE = "Client", "Provider", "Anyone"
_OUTPUT, _TOOLS = "Output", "Tables, reference string, machine"

EXIT_CODES = "[bold]Exit codes[/]  0 done · 2 bad input · 3 refused · 4 disk or file system · 5 internal · 130 interrupted"


def option(name: str, metavar: str, words: str, panel: str | None = None) -> Any:
    """An option without a shown default, in one line."""
    return typer.Option(f"--{name}", metavar=metavar, help=words, show_default=False, rich_help_panel=panel)


ENVIRONMENT = (
    "[bold]Environment[/]",
    "ZKAPEX_HOME the home of `zkapex client` · ZKAPEX_CACHE where tables and reference strings are kept, in place of ~/.cache/zkapex · "
    "ZKAPEX_DATABASE the ledger's database",
    "ZKAPEX_PROVER the Rust binary · ZKAPEX_PORTABLE=1 without vector instructions · ZKAPEX_DEBUG=1 tracebacks",
)


def epilog(*examples: str) -> str:
    """Help's last part: examples, then the exit codes."""
    lines = ["[bold]Examples[/]", *(f"  $ {example}" for example in examples), EXIT_CODES]
    return "\n\n".join(lines)


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No text and no progress; errors only.", rich_help_panel=_OUTPUT)]
ShowProgress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress",
        help="Progress bars with time left. Default: on a terminal.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=_OUTPUT)]

PresetName = Annotated[
    str,
    typer.Option(
        "--preset", metavar="NAME", help=f"Sizes of the statement: {', '.join(PRESETS)}.", rich_help_panel=_TOOLS,
        autocompletion=lambda incomplete: [name for name in PRESETS if name.startswith(incomplete)],
    ),
]  # fmt: skip
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="ZKAPEX_CACHE",
        metavar="DIR",
        help="Where tables and reference strings are kept. Default: ~/.cache/zkapex, or zkapex in $XDG_CACHE_HOME.",
        rich_help_panel=_TOOLS,
    ),
]
TablesFile = Annotated[Path | None, option("tables", "FILE", "Constraint tables. Default: emitted here.", _TOOLS)]
SrsFile = Annotated[
    Path | None,
    option("srs", "FILE", "Reference string. Default: the ceremony's, made in the cache.", _TOOLS),
]
InsecureSrs = Annotated[
    bool,
    typer.Option(
        "--insecure-srs", help="Use a locally made reference string, marked insecure. Tests only.", rich_help_panel=_TOOLS
    ),
]
AllowInsecure = Annotated[
    bool, typer.Option("--allow-insecure", help="Accept artefacts that are marked insecure. Tests only.", rich_help_panel=_TOOLS)
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=1024,
        metavar="N",
        help="Threads of the prover. Default: all cores.",
        show_default=False,
        rich_help_panel=_TOOLS,
    ),
]

Ray = Annotated[
    str | None,
    option("ray", "ADDRESS", "Let the workers of this Ray cluster do it: HOST:PORT, auto, or local. Needs zkapex\\[cluster].", _TOOLS),
]

ClientDir = Annotated[Path, typer.Argument(metavar="CLIENT", help="The client's folder, as `zkapex enrol` made it.")]
ProviderDir = Annotated[Path, option("provider", "DIR", "The provider's folder, as `zkapex keygen` made it.")]
KeyFile = Annotated[Path | None, option("key", "FILE", "The provider's private key. Default: provider.key in its folder.")]
RequestFile = Annotated[Path, option("request", "FILE", "The signed request.")]
StateFile = Annotated[Path, option("state", "FILE", "The client's state, from the provider's ledger.")]
ModelDir = Annotated[Path, option("model", "DIR", "Checkpoint folder: config.json and Flax or safetensors weights.")]
Target = Annotated[
    str,
    option("target", "PATTERN", "Target tensors: a glob over parameter paths (** crosses levels), or re:REGEX."),
]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Let the reference checker read every constraint before proving.")
]
MicroBatch = Annotated[
    int, typer.Option("--micro-batch", min=1, metavar="N", help="Gradients computed at once: memory against time.")
]


class RowKind(StrEnum):
    """What a client's gradient rows are made of."""

    EXAMPLES = "examples"
    SKETCH = "sketch"


_DATA = option("data", "FILE", "Personal data: safetensors of pixel_values and labels, or input_ids.")
DataFile = Annotated[Path, _DATA]
DataFileOnce = Annotated[Path | None, _DATA]
BaseFile = Annotated[Path | None, option("base", "FILE", "The provider's base file. Default: the one in the client's folder.")]
Rows = Annotated[
    RowKind,
    typer.Option(
        "--rows", help="Gradient rows: of single examples with their labels, or a sketch that sums up many gradients with labels drawn from the model."
    ),
]
Draws = Annotated[
    int | None, typer.Option("--draws", min=1, metavar="N", help="Gradients that the sketch sums up. Default: 8192.", show_default=False)
]
RowSeed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Chooses the examples whose gradients are enrolled, and draws labels.")]

SavedFrom = Annotated[Path | None, option("model", "DIR", "The personalised model, to save the unlearned one from.")]
SaveModel = Annotated[
    Path | None, option("save-model", "DIR", "Write the unlearned model here, in the format of --model, which it needs.")
]

DEFAULT_PRESET = SERVING_PRESET


def toolchain(
    preset: str,
    cache: Path | None,
    *,
    tables: Path | None = None,
    srs: Path | None = None,
    threads: int | None = None,
    insecure_srs: bool = False,
) -> Toolchain:
    """The tools for a command."""
    from zkapex_jax.workflow.toolchain import open_toolchain  # here: many commands need none

    return open_toolchain(preset, folder=cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)


@contextmanager
def joined(ray: str | None, threads: int | None) -> Iterator[Cluster | None]:
    """The cluster of --ray, each worker's prover with --threads (default: one); None without the option."""
    if ray is None:
        yield None
        return
    from zkapex_jax.workflow.cluster.cluster import Cluster

    with Cluster.connect(ray, threads=threads) as cluster:
        yield cluster


def toolchain_for(
    artefact: Enrolment | Request | Base,
    cache: Path | None,
    *,
    tables: Path | None = None,
    srs: Path | None = None,
    threads: int | None = None,
) -> Toolchain:
    """The tools that an artefact was made with: its preset and, if it is marked so, an insecure reference string."""
    return toolchain(artefact.preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=artefact.srs_insecure)
