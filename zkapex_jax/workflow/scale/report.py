"""What a full-size run returns: one table of stages, and the machine that it was measured on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from zkapex_jax.workflow.proving import ProvedChunk
from zkapex_jax.workflow.scale.record import Facts, Record
from zkapex_jax.workflow.toolchain import Toolchain

_CPUINFO = Path("/proc/cpuinfo")
#: What the prover's wide arithmetic needs.
_WIDE = {"avx512f", "avx512ifma", "avx512dq", "avx512vl"}


def chunk_costs(chunks: Sequence[ProvedChunk]) -> Facts:
    """Of the chunks that were proven now: count, seconds, µs a weight (mean and median), µs a weight by stage, bytes a chunk."""
    fresh = [chunk for chunk in chunks if not chunk.resumed]
    weights = sum(chunk.weights for chunk in fresh) or 1
    names = fresh[0].stages if fresh else {}
    return {
        "proven": len(fresh), "resumed": len(chunks) - len(fresh), "seconds": sum(chunk.seconds for chunk in fresh),
        "us_per_weight": 1e6 * sum(chunk.seconds for chunk in fresh) / weights,
        "us_per_weight_median": _median(1e6 * chunk.seconds / chunk.weights for chunk in fresh),
        "stages_us_per_weight": {name: 1e6 * sum(chunk.stages[name] for chunk in fresh) / weights for name in names},
        "bytes_per_chunk": max((chunk.bytes for chunk in chunks), default=0),
    }  # fmt: skip


def scale_report(tool: Toolchain, plan: Facts, record: Record) -> dict[str, Any]:
    """The document; `stages` sum to the run, `prove` and `verify` (and those of the enrolment) are the Rust binary's own times."""
    weights, whole = plan["weights"], plan["whole_weights"]
    parts = {name: _public(record.facts(name)) for name in ("prove_enrolment", "prove", "verify")}
    admitted = record.facts("admit")
    return {
        **{name: plan[name] for name in ("model", "checkpoint", "preset", "weights", "chunks", "first_chunk", "whole_weights", "whole_chunks", "parameters")},
        "quick": weights < whole, "insecure": tool.insecure, "machine": machine(), "threads": tool.prover.threads,
        "masked": record.facts("plan")["masked"], "touched_chunks": record.facts("plan")["chunks"],
        "stages": record.stages, "seconds": sum(stage["seconds"] for stage in record.stages),
        "bundle_bytes": record.facts("prove")["bytes"], "enrolment_proof_bytes": record.facts("prove_enrolment")["bytes"], **parts,
        "verify_enrolment": {"seconds": admitted["seconds"], "us_per_weight": 1e6 * admitted["seconds"] / weights,
                             "peak_rss_bytes": admitted["peak_rss_bytes"]},
        "compensate": _public(record.facts("compensate")),
        "python_peak_rss_bytes": max((stage["python_peak_rss_bytes"] or 0 for stage in record.stages), default=0),
    }  # fmt: skip


def machine() -> dict[str, Any]:
    """Processor, cores that this process may use, and whether the prover's wide arithmetic runs on them."""
    try:
        text = _CPUINFO.read_text()
    except OSError:
        text = ""
    name, flags = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE), re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    wide = flags is not None and set(flags[1].split()) >= _WIDE and os.environ.get("ZKAPEX_PORTABLE") != "1"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": name[1] if name else "unknown", "cores": cores, "wide": wide}


def _public(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if name != "path"}


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return 0.0
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
