"""`zkapex tidy`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, KeyFile, Quiet, ShowProgress
from zkapex_jax.cli.output import Output, human_bytes
from zkapex_jax.cli.spans import size_option, span_option
from zkapex_jax.protocol import SigningKey
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.keeping import Keep
from zkapex_jax.workflow.keeping.tidying import Leftover, plan_tidying
from zkapex_jax.workflow.keeping.tidying import tidy as run

#: Lines of each kind that are printed; `--json` has all.
_SHOWN = 20


@guarded
def tidy(
    folder: Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder.")],
    keep_evidence: Annotated[float | None, span_option("keep-evidence", "Refused bundles, and files that no event names, stay so long. Default: 90d.")] = None,
    evidence_size: Annotated[int | None, size_option("evidence-size", "Refused bundles of one client, together. The oldest go first. Default: 1GiB.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Remove what nothing rests on any more: old refused bundles, files that the ledger does not name, caches.

    What the ledger names as accepted always stays. A refused bundle leaves a signed receipt in PROVIDER/dropped that names it: so
    `zkapex audit ledger` tells it from one that was lost. A file that somebody asked for within a day stays. A service does the first by itself.
    """
    rules = Keep()
    keep = Keep(rules.evidence if keep_evidence is None else keep_evidence, rules.evidence_bytes if evidence_size is None else evidence_size, rules.idle)
    output = Output(as_json, quiet, progress)
    with Provider.open(folder) as provider, output.bars() as on_progress:
        signer = SigningKey.load(key or folder / "provider.key")
        plan = plan_tidying(provider, keep)
        gone = list(plan.going) if dry_run else run(provider, signer, plan, keep, on_progress=on_progress)
    freed = sum(one.size for one in gone)
    output.result(
        {"dry_run": dry_run, "removed": [] if dry_run else gone, "would_remove": gone if dry_run else [], "bytes": freed, "stays": plan.stays},
        *_lines("would go" if dry_run else "gone", gone), *_lines("stays", [one for one in plan.stays if one.why != "not old enough"]),
        f"{'would remove' if dry_run else 'removed'} {len(gone)} files, {human_bytes(freed)}; {len(plan.stays)} that the ledger does not name stay",
    )  # fmt: skip


def _lines(word: str, files: list[Leftover]) -> list[str]:
    """The first few, and how many more there are, by reason."""
    lines = [f"  {word}  {escape(' '.join(part for part in (one.kind, one.digest[:16], one.client_id) if part))}: {escape(one.why)}" for one in files[:_SHOWN]]
    more = Counter(one.why for one in files[_SHOWN:])
    return [*lines, *(f"  {word}  {count} more: {escape(why)}" for why, count in more.items())]
