"""From what the stages measured to one summary, and the run's verdict."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.measure import Measured
from zkapex_jax.demo.options import DemoOptions
from zkapex_jax.demo.path import CLIENT, Parties
from zkapex_jax.demo.scene import Scene
from zkapex_jax.report.chain import Cost, EnrolmentRun, Link, RequestRun
from zkapex_jax.report.parts import Cheat, Digests, Insecure, Model
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.values import FORGET_SETS

_PACKAGES = ("zkapex", "jax", "flax", "transformers", "numpy")


@dataclass
class Record:
    """What the run has shown so far."""

    enrolments: list[EnrolmentRun] = field(default_factory=list)
    requests: list[RequestRun] = field(default_factory=list)
    chain: list[Link] = field(default_factory=list)
    cheats: dict[str, Cheat] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)


def summarise(
    options: DemoOptions, parties: Parties, scene: Scene, record: Record, measured: Measured, clock: Clock, started: float
) -> Summary:
    """Everything that the run measured; `started` is its `time.perf_counter()`."""
    failures = find_failures(record)
    online, enrolled = [run.cost for run in record.requests], [run.cost for run in record.enrolments]
    texts = [scene.forget_text(index) for index in range(len(scene.groups))]
    return Summary(
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        verified=not failures,
        failures=failures,
        task=options.task,
        task_title=scene.task.config.title,
        seed=options.seed,
        client_id=CLIENT,
        forget=", then ".join([texts[0], *(text[0].lower() + text[1:] for text in texts[1:])]),
        preset=parties.tool.preset.name,
        insecure=Insecure(preset=parties.tool.preset.insecure, srs=parties.tool.srs_insecure),
        model=_model(parties, scene),
        weights=enrolled[0].weights,
        chunks=len(enrolled[0].proofs),
        prove_us_per_weight=_mean(online, "prove_us_per_weight"),
        verify_us_per_weight=_mean(online, "verify_us_per_weight"),
        bundle_bytes=sum(cost.file_bytes for cost in online),
        proof_bytes=sum(cost.proof_bytes for cost in online),
        enrol_us_per_weight=_mean(enrolled, "prove_us_per_weight"),
        enrol_verify_us_per_weight=_mean(enrolled, "verify_us_per_weight"),
        enrol_proof_bytes=enrolled[0].proof_bytes,
        prover_peak_rss_bytes=_highest(cost.prover_peak_rss_bytes for cost in online + enrolled),
        verifier_peak_rss_bytes=_highest(cost.verifier_peak_rss_bytes for cost in online + enrolled),
        seconds=time.perf_counter() - started,
        accuracy=measured.accuracy,
        per_class=measured.per_class,
        examples=measured.examples,
        forget_classes={set_: [str(label) for label in group] for set_, group in zip(FORGET_SETS, scene.groups, strict=True)},
        enrolments=record.enrolments,
        requests=record.requests,
        chain=record.chain,
        cheats=record.cheats,
        stages=clock.costs(),
        digests=Digests(
            tables=parties.tool.tables_digest, enrol_tables=parties.tool.enrol_tables_digest, srs=parties.tool.srs_digest,
            base=parties.base.digest,
        ),
        versions=_versions(),
        machine=_machine(),
        verify_again=record.again,
    )  # fmt: skip


def find_failures(record: Record) -> list[str]:
    """One sentence for everything that should not be so; an empty list is the run's success."""
    failures = [f"cheat {name} was not refused: {cheat.reason}" for name, cheat in record.cheats.items() if not cheat.refused]
    failures += [
        f"{run.request_id}, chunk {entry.chunk}: the true distance {entry.true_distance:.1f} exceeds the certified {entry.certified_distance:.1f}"
        for run in record.requests
        for entry in run.certificate
        if not entry.holds
    ]
    failures += [
        f"position {link.position}: {link.nonzero} of {link.forgotten} forgotten weights are not zero" for link in record.chain if link.nonzero
    ]
    return failures


def _mean(costs: list[Cost], name: str) -> float:
    """Of microseconds a weight, by weights."""
    return sum(getattr(cost, name) * cost.weights for cost in costs) / sum(cost.weights for cost in costs)


def _highest(peaks: Iterable[int | None]) -> int:
    return max((peak for peak in peaks if peak is not None), default=0)


def _model(parties: Parties, scene: Scene) -> Model:
    return Model(
        name=parties.model.name, architecture=parties.model.architecture, parameters=scene.parameters,
        pattern=scene.layout.pattern, base_digest=parties.model.base_digest,
    )  # fmt: skip


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found


def _machine() -> dict[str, str]:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"processors": f"{processors} processors", "system": f"{platform.system()} {platform.machine()}"}
