"""`zkapex base`."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.provider.keygen import KEY_NAME
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Force,
    InsecureSrs,
    PresetName,
    ProviderDir,
    Quiet,
    ShowProgress,
    SrsFile,
    TablesFile,
    Target,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_seconds
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import SigningKey
from zkapex_jax.workflow import Provider, publish_base
from zkapex_jax.workflow import create_base as create_file


@guarded
def base(
    model: Annotated[Path, option("base", "DIR", "The provider's base model.")],
    target: Target,
    provider: ProviderDir,
    out: Annotated[Path, option("out", "FILE", "The base file to write.")],
    share: Annotated[
        str,
        option(
            "share",
            "SHARE",
            "How far personal weights may lie from the base: a share of the norm of its weights, chunk by chunk.",
        ),
    ] = "0.5",
    key: Annotated[Path | None, option("key", "FILE", "Signing key. Default: provider.key in the provider's folder.")] = None,
    model_name: Annotated[str | None, option("model-name", "NAME", "Name of the model. Default: the base folder's name.")] = None,
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Provider: commit to the base model once for the fleet, sign it, and publish it in the ledger.

    Clients enrol against this file: each proves that its weights lie within the allowed distance of the base.
    """
    from zkapex_jax.cli.inputs import check_weights, load_model

    output, allowed = Output(as_json, quiet, progress), _share(share)
    signing_key = SigningKey.load(key or provider / KEY_NAME)
    tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
    loaded = load_model(model, target)
    check_weights(loaded)
    with Provider.open(provider) as opened, output.bars() as on_progress:
        made = create_file(
            tool, out=out, key=signing_key, name=model_name or model.resolve().name, architecture=loaded.model.architecture,
            layout=loaded.layout, theta0=loaded.theta, share=allowed, force=force, on_progress=on_progress,
        )  # fmt: skip
        published = publish_base(tool, opened, out, on_progress=on_progress)
    output.result(
        {"result": made, "published": published, "insecure": tool.insecure},
        f"base {made.model.name}: {loaded.layout.weights:,} weights in {len(made.distance)} chunks, {human_seconds(made.seconds)}",
        f"  file   {out}  (digest {made.digest[:16]}…, event {published.position} of the ledger; send it to the clients)",
    )


def _share(text: str) -> Fraction:
    """A positive decimal such as 0.5, exactly."""
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,9})?", text) or not (share := Fraction(text)):
        raise InputError("must be a positive decimal such as 0.5", field="share", value=text)
    return share
