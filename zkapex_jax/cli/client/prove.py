"""`zkapex prove` and `zkapex advance`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    ClientDir,
    Force,
    Quiet,
    Ray,
    RequestFile,
    ShowProgress,
    SrsFile,
    StateFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.protocol import Enrolment, Request
from zkapex_jax.workflow import ClientFolder
from zkapex_jax.workflow import advance as advance_files
from zkapex_jax.workflow import prove as prove_files

UpdateFile = Annotated[Path | None, option("update", "FILE", "The update. Default: the one in the client's folder.")]
BundleFile = Annotated[Path | None, option("bundle", "FILE", "The bundle. Default: the one in the client's folder.")]


@guarded
def prove(
    folder: ClientDir,
    request: RequestFile,
    state: StateFile,
    update: UpdateFile = None,
    out: Annotated[Path | None, option("out", "FILE", "The bundle file. Default: in the client's folder.")] = None,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    ray: Ray = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Client: prove every touched chunk in zero knowledge, and bind the proofs to one bundle for the provider.

    An interrupted run resumes where it stopped. Workers of --ray read your secret: use machines of your own.
    """
    from zkapex_jax.workflow import check_answer_room

    output = Output(as_json, quiet, progress)
    client = ClientFolder.open(folder)
    tool = options.toolchain_for(Enrolment.from_file(client.enrolment), cache, tables=tables, srs=srs, threads=threads)
    asked, answer = Request.from_file(request), _answer(client, request)
    check_answer_room(tool.preset, asked.layout, asked.touched, folder, kept=kept_bytes(client, answer), here=ray is None)
    with options.joined(ray, threads) as cluster, output.bars() as on_progress:
        result = prove_files(
            tool, folder=folder, request=request, state=state, update=update or answer / "update.safetensors",
            out=out, force=force, cluster=cluster, on_progress=on_progress,
        )  # fmt: skip
    speed = f"{result.us_per_weight:.1f} µs a weight" if result.us_per_weight else "all chunks were proven already"
    output.result(
        {"insecure": tool.insecure, "result": result},
        f"proved {len(result.chunks)} chunks, {result.weights:,} weights, {human_seconds(result.seconds)} ({speed}), peak memory {human_bytes(result.peak_rss_bytes)}",
        f"  bundle  {result.bundle}  ({human_bytes(result.bundle_bytes)}; send it to the provider)",
        *_warning(tool.insecure),
    )


@guarded
def advance(
    folder: ClientDir,
    request: RequestFile,
    state: Annotated[Path, option("state", "FILE", "The next state, which the provider returned on acceptance.")],
    update: UpdateFile = None,
    bundle: BundleFile = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Client: after acceptance, make the unlearned weights the ones that the next request starts from.

    The weights from before are gone from the client's folder afterwards.
    """
    answer = _answer(ClientFolder.open(folder), request)
    secret = advance_files(
        folder=folder,
        request=request,
        update=update or answer / "update.safetensors",
        bundle=bundle or answer / "bundle.safetensors",
        state=state,
    )
    Output(as_json, quiet).result({"secret": secret}, f"{secret} now holds the unlearned weights")


def _answer(client: ClientFolder, request: Path) -> Path:
    return client.request_folder(Request.from_file(request).request_id)


def kept_bytes(client: ClientFolder, answer: Path) -> int:
    """Bytes of proofs and of checked points that are there already."""
    return sum(path.stat().st_size for folder in (answer, client.path / "points") for path in folder.glob("**/*") if _reused(path))


def _reused(path: Path) -> bool:
    return path.is_file() and (path.parent.name == "points" or path.parent.name.startswith("chunks-"))


def _warning(insecure: bool) -> list[str]:
    return ["[yellow]insecure:[/] made with a test preset or a local reference string; it convinces nobody"] if insecure else []
