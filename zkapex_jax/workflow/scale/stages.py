"""The stages of a full-size run, each on the files of those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from zkapex_jax.curvature import clip_rows, create_rows, per_example_gradients
from zkapex_jax.errors import InternalError
from zkapex_jax.forget import masked_params
from zkapex_jax.formats.atomic import make_directory, write_text
from zkapex_jax.models import Model, flatten
from zkapex_jax.models.examples import Examples
from zkapex_jax.protocol import Base, SigningKey, generate_key
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.workflow.admission import admit, publish
from zkapex_jax.workflow.base import create_base, publish_base
from zkapex_jax.workflow.enrolment.committing import commit_enrolment
from zkapex_jax.workflow.enrolment.proving import prove_enrolment
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.memory import give_back, trim
from zkapex_jax.workflow.plan import Passes, fleet_gammas, plan_mask, plan_rows, scale_forget_rows
from zkapex_jax.workflow.proving import prove
from zkapex_jax.workflow.request import create_request
from zkapex_jax.workflow.scale.models import ScaleModel, base_params, examples, personal_params, target_layout
from zkapex_jax.workflow.scale.record import Facts, Record
from zkapex_jax.workflow.scale.report import chunk_costs
from zkapex_jax.workflow.scale.sample import Sampled, sample, whole_model
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.unlearning import unlearn
from zkapex_jax.workflow.verifying import verify

CLIENT = "scale"
SPARSITY = 0.04
#: D as a multiple of the masked energy. Generous: the run measures cost, which D does not change, and should not end at it.
BUDGET_FACTOR = Fraction(4)
#: Examples on either side of a request, to be forgotten and to be kept: of a sample, of the whole model.
REQUEST_EXAMPLES = (8, 32)


@dataclass(frozen=True)
class Run:
    """What every stage needs: the tools, what is run, where, and the sampled model anew whenever it is asked for."""

    tool: Toolchain
    size: ScaleModel
    folder: Path
    checkpoint: Path | None
    chunks: int | None
    seed: int
    on_progress: OnProgress | None

    @property
    def client(self) -> Path:
        return self.folder / "client"

    @property
    def key(self) -> Path:
        return self.folder / "provider.key"

    @property
    def rows(self) -> Path:
        """The client's gradient rows; private, and removed once they are committed to."""
        return self.client / ".gradient-rows.f32"

    @property
    def spent(self) -> Path:
        """Says that the rows' disk is being given up: whoever is interrupted then needs the rows anew."""
        return self.client / ".gradient-rows.spent"

    def load(self) -> tuple[Model, Sampled]:
        """The base model. Each stage loads it and lets it go: two stages never hold it together."""
        model, params = base_params(self.size, self.checkpoint, self.seed)
        layout = target_layout(self.size, params)
        if self.chunks is None:
            return model, whole_model(model.loss, params, layout, self.tool.preset)
        return model, sample(model.loss, params, layout, self.tool.preset, self.chunks)

    def examples(self, model: Model, name: str, count: int) -> Examples:
        return examples(model, name, count, self.seed)


def stages(run: Run, provider: Provider, record: Record) -> Iterator[tuple[str, Callable[[], Facts]]]:
    """Names and work, in the order of the protocol; each reads what the record holds of those before it."""
    yield "base", lambda: _base(run, provider)
    yield "gradients", lambda: _gradients(run)
    yield "commit", lambda: _commit(run, record.facts("base"))
    yield "prove_enrolment", lambda: _prove_enrolment(run)
    yield "admit", lambda: _admit(run, provider, record.facts("commit"), record.facts("prove_enrolment"))
    yield "plan", lambda: _plan(run, provider, record.facts("base"))
    yield "publish", lambda: _publish(run, provider, record.facts("plan"))
    yield "compensate", lambda: _compensate(run, record)
    yield "prove", lambda: _prove(run, record)
    yield "verify", lambda: _verify(run, provider, record.facts("prove"))


def _base(run: Run, provider: Provider) -> Facts:
    """The provider commits to its model and publishes it."""
    key = SigningKey.load(run.key) if run.key.exists() else generate_key(run.key)
    provider.ledger.trust(key.public)
    _, sampled = run.load()
    layout, theta0 = sampled.layout, flatten(sampled.params, sampled.layout)
    del sampled
    made = create_base(
        run.tool, out=run.folder / "base.safetensors", key=key, name=run.size.name, architecture=run.size.config["model_type"],
        layout=layout, theta0=theta0, force=True, on_progress=run.on_progress,
    )  # fmt: skip
    publish_base(run.tool, provider, made.path, on_progress=run.on_progress)
    return {"path": str(made.path)}


def _gradients(run: Run) -> Facts:
    """The client's gradient rows, on disk, clipped to their median norm."""
    make_directory(run.client, mode=0o700)
    run.rows.unlink(missing_ok=True)
    model, sampled = run.load()
    params = personal_params(sampled.params, sampled.layout, run.seed)
    sampled.params.clear()  # the personal model shares what it did not change
    give_back()
    rows = create_rows(run.rows, run.tool.preset.client_rows, sampled.layout.weights)
    per_example_gradients(
        sampled.loss, params, sampled.layout, run.examples(model, "personal", len(rows)), run.size.micro_batch, out=rows,
        on_block=lambda done, total: _told(run.on_progress, done, total),
    )  # fmt: skip
    clip_rows(rows, out=rows)
    return {"rows": len(rows), "bytes": rows.nbytes}


def _told(on_progress: OnProgress | None, done: int, total: int) -> None:
    trim()
    tell(on_progress, "gradient rows", done, total)


def _commit(run: Run, base: Facts) -> Facts:
    """The rows' disk is freed as their integers are made; if that was interrupted, the rows are computed again first."""
    if run.spent.exists() or not run.rows.exists():
        _gradients(run)
    _, sampled = run.load()
    layout = sampled.layout
    theta = flatten(personal_params(sampled.params, layout, run.seed), layout)
    del sampled
    rows = np.memmap(run.rows, np.float32, "r+", shape=(run.tool.preset.client_rows, layout.weights))
    write_text(run.spent, "", force=True)
    made = commit_enrolment(
        run.tool, folder=run.client, client_id=CLIENT, base=Path(base["path"]), layout=layout, theta=theta, rows=rows,
        consume=True, force=True, on_progress=run.on_progress,
    )  # fmt: skip
    del rows
    run.rows.unlink()
    run.spent.unlink()
    return {"path": str(made.enrolment), "gamma": [min(made.gamma), max(made.gamma)]}


def _prove_enrolment(run: Run) -> Facts:
    made = prove_enrolment(run.tool, folder=run.client, check=False, force=True, on_progress=run.on_progress)
    return {"path": str(made.proof), "bytes": made.bytes, **chunk_costs(made.chunks), "prover_peak_rss_bytes": made.peak_rss_bytes}


def _admit(run: Run, provider: Provider, enrolment: Facts, proof: Facts) -> Facts:
    made = admit(
        run.tool, provider, Path(enrolment["path"]), Path(proof["path"]), allow_insecure=run.tool.insecure, on_progress=run.on_progress
    )
    return {"state": str(made.state), "seconds": made.seconds, "peak_rss_bytes": made.peak_rss_bytes}


def _plan(run: Run, provider: Provider, base: Facts) -> Facts:
    """The provider chooses the mask, makes forget rows, and commits to both: once a request, for the whole fleet."""
    model, sampled = run.load()
    count, layout = REQUEST_EXAMPLES[run.chunks is None], sampled.layout
    forget, retain = (run.examples(model, name, count) for name in ("forget", "retain"))
    passes = Passes(sampled.loss, layout, run.size.micro_batch, run.folder, run.on_progress)
    mask, budget = plan_mask(
        run.tool.preset, passes, sampled.params, forget, retain, sparsity=SPARSITY, budget_factor=BUDGET_FACTOR
    )
    masked = masked_params(sampled.params, layout, mask)
    sampled.params.clear()  # the masked model shares what it did not change
    rows = plan_rows(run.tool.preset, passes, masked, forget, mask)
    masked.clear()
    give_back()
    gammas = fleet_gammas(provider, layout, run.tool.preset)
    made = create_request(
        run.tool, out=run.folder / "request.safetensors", key=SigningKey.load(run.key),
        model=Base.from_file(base["path"], verify=False).model_ref, layout=layout, mask=mask,
        forget_rows=scale_forget_rows(rows, layout, run.tool.preset, gammas, scratch=run.folder), budget=budget,
        forget="examples of a benchmark", force=True, on_progress=run.on_progress,
    )  # fmt: skip
    return {"path": str(made.path), "id": made.request_id, "masked": made.masked, "chunks": len(made.touched), "weights": made.weights}


def _publish(run: Run, provider: Provider, request: Facts) -> Facts:
    return {"position": publish(run.tool, provider, Path(request["path"]), on_progress=run.on_progress).position}


def _compensate(run: Run, record: Record) -> Facts:
    made = unlearn(
        run.tool, folder=run.client, request=Path(record.facts("plan")["path"]), state=Path(record.facts("admit")["state"]),
        provider_key=SigningKey.load(run.key).public, check=False, force=True, on_progress=run.on_progress,
    )  # fmt: skip
    shares = [[part.t1_sum / part.t1, part.t2_sum / part.t2, part.d_sum / part.d] for part in made.chunks]
    return {"path": str(made.update), "flips": sum(part.flips for part in made.chunks), "largest_shares": np.max(shares, axis=0).tolist()}


def _prove(run: Run, record: Record) -> Facts:
    made = prove(
        run.tool, folder=run.client, request=Path(record.facts("plan")["path"]), state=Path(record.facts("admit")["state"]),
        update=Path(record.facts("compensate")["path"]), force=True, on_progress=run.on_progress,
    )  # fmt: skip
    return {"path": str(made.bundle), "bytes": made.bundle_bytes, **chunk_costs(made.chunks), "prover_peak_rss_bytes": made.peak_rss_bytes}


def _verify(run: Run, provider: Provider, bundle: Facts) -> Facts:
    made = verify(run.tool, provider, Path(bundle["path"]), allow_insecure=run.tool.insecure, on_progress=run.on_progress)
    if not made.accepted:
        raise InternalError(f"the honest bundle was refused: {made.reason}", code="bench")
    return {"accepted": made.accepted, "seconds": made.seconds, "us_per_weight": made.us_per_weight, "peak_rss_bytes": made.peak_rss_bytes}
