"""`zkapex verify`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AllowInsecure, AsJson, Cache, Force, KeyFile, Quiet, Ray, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import NOT_PROVEN, Output, human_bytes, human_seconds
from zkapex_jax.cli.provider.refusing import RefusalFile, Refusing
from zkapex_jax.cli.provider.state import copy_state
from zkapex_jax.cli.provider.verify_many import verify_many
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import Bundle, Enrolment, load_public
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow import Provider, Toolchain, VerifyResult, check_bundle
from zkapex_jax.workflow import verify as verify_files

File = Path | None


def _file(name: str, words: str) -> object:
    return typer.Option(f"--{name}", metavar="FILE", help=words, show_default=False, rich_help_panel="Without a ledger")


@guarded
def verify(
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", help="The client's bundle; with a ledger, bundles of many clients.")],
    provider: Annotated[File, option("provider", "DIR", "Verify against this ledger, and record the verdict.")] = None,
    out: Annotated[File, option("out", "FILE", "Also write the client's next state here.")] = None,
    refusal: RefusalFile = None,
    key: KeyFile = None,
    enrolment: Annotated[File, _file("enrolment", "The client's enrolment.")] = None,
    request: Annotated[File, _file("request", "The signed request.")] = None,
    state: Annotated[File, _file("state", "The client's state before the bundle.")] = None,
    provider_key: Annotated[str | None, _file("provider-key", "The provider's public key: a .pub file, or its hex.")] = None,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    allow_insecure: AllowInsecure = False,
    threads: Threads = None,
    ray: Ray = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Verify a bundle: for the ledger, or as an auditor from files alone.

    Accepted means: the enrolled weights, after this request, are zero wherever it says so, and the others moved to
    within the certified distance of the second-order optimum and within the budget. Of what is refused for the ledger, the
    provider's signed word is written for the client where its key is at hand.
    """
    output = Output(as_json, quiet, progress)
    files = {"enrolment": enrolment, "request": request, "state": state, "provider-key": provider_key}
    _one_way(provider, files)
    if provider is None and (refusal or key):
        raise InputError("needs a ledger: an auditor signs nothing", field="refusal" if refusal else "key")
    refusing = Refusing.of(provider, key, refusal, force=force, note=output.note) if provider is not None else None
    if len(bundles) > 1 or ray is not None:
        opened_tools = partial(options.toolchain_for, cache=cache, tables=tables, srs=srs, threads=threads)
        verify_many(
            output, bundles, provider, opened_tools, out=out, refusing=refusing, ray=ray, threads=threads, allow_insecure=allow_insecure,
            force=force,
        )  # fmt: skip
        return
    bundle, signed = bundles[0], None
    given = Bundle.from_file(bundle)
    if provider is not None and refusing is not None:
        with Provider.open(provider) as opened, refusing.signing(opened, bundle), output.bars() as on_progress:
            made_with = opened.load(Enrolment, opened.ledger.enrolment(given.client_id).digest)
            tool = options.toolchain_for(made_with, cache, tables=tables, srs=srs, threads=threads)
            result = verify_files(tool, opened, bundle, allow_insecure=allow_insecure, on_progress=on_progress)
            signed = None if result.accepted else refusing.verdict(opened, bundle, result.bundle_digest)
    else:
        with output.bars() as on_progress:
            tool = options.toolchain_for(Enrolment.from_file(_need(enrolment)), cache, tables=tables, srs=srs, threads=threads)
            result = _audit(
                tool, bundle, _need(enrolment), _need(request), _need(state), str(provider_key), allow_insecure, on_progress
            )
    copied = copy_state(result.state, out, force=force) if result.state else None
    _print(output, result, copied, bundle, signed)


def _audit(
    tool: Toolchain,
    bundle: Path,
    enrolment: Path,
    request: Path,
    state: Path,
    key: str,
    allow_insecure: bool,
    on_progress: OnProgress,
) -> VerifyResult:
    return check_bundle(
        tool, enrolment=enrolment, request=request, state=state, bundle=bundle, provider_key=load_public(key),
        allow_insecure=allow_insecure, on_progress=on_progress,
    )  # fmt: skip


def _print(output: Output, result: VerifyResult, state: Path | None, bundle: Path, refusal: Path | None) -> None:
    document = {"accepted": result.accepted, "result": result, "state": state, "refusal": refusal, "not_proven": NOT_PROVEN}
    if not result.accepted:
        if output.as_json:
            output.result(document)
            raise typer.Exit(RefusedError.exit_code)
        error = RefusedError(f"proof refused: {result.reason}", code="proof_refused", file=bundle)
        error.refusal = None if refusal is None else str(refusal)
        raise error
    memory = f", peak memory {human_bytes(result.peak_rss_bytes)}" if result.peak_rss_bytes else ""
    output.result(
        document,
        f"[green]accepted[/] {result.client_id} for {result.request_id}: {result.weights:,} weights, "
        f"{human_seconds(result.seconds)} ({result.us_per_weight:.2f} µs a weight){memory}",
        *(["  recorded before: nothing was changed"] if result.already_recorded else []),
        *([f"  next state  {state}  (send it to the client)"] if state else []),
        *(
            ["[yellow]insecure:[/] made with a test preset or a local reference string; it convinces nobody"]
            if result.insecure
            else []
        ),
        f"[dim]{NOT_PROVEN}[/]",
    )


def _one_way(provider: Path | None, files: dict[str, object]) -> None:
    given = [name for name, value in files.items() if value is not None]
    if provider is not None and given:
        raise InputError("the ledger holds these: give either --provider or the files", field=given[0])
    missing = [name for name, value in files.items() if value is None]
    if provider is None and missing:
        raise InputError(
            "is missing: give --provider, or all of --enrolment, --request, --state and --provider-key", field=missing[0]
        )


def _need(path: Path | None) -> Path:
    if path is None:
        raise InputError("is missing", field="file")
    return path
