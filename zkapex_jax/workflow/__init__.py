"""Each step of the protocol as one function on files: what the commands and the demonstration call.

Names are imported on first use: most commands need neither the networks nor the solver, which take seconds to load.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "admission": ("AdmitResult", "PublishResult", "admit", "publish"),
    "advancing": ("advance",),
    "base": ("BaseResult", "PublishBaseResult", "base_digest", "create_base", "default_distance", "find_base", "publish_base"),
    "check": ("ChunkCheck", "check_update_file"),
    "enrolment.committing": ("CommitResult", "commit_enrolment"),
    "enrolment.enrolling": ("EnrolResult", "enrol"),
    "enrolment.proving": ("EnrolmentProofResult", "prove_enrolment"),
    "enrolment.verifying": ("EnrolmentVerdict", "check_enrolment"),
    "bench.chunk": ("benchmark",),
    "bench.dense": ("benchmark_dense", "parse_blocks"),
    "costs.estimating": ("Estimate", "estimate"),
    "costs.need": ("check_answer_room", "check_benchmark_room", "check_request_room", "check_whole_room"),
    "costs.room": ("Room", "check_room", "require_room", "room_at"),
    "costs.calibration": ("Calibration", "calibrate"),
    "folders": ("ClientFolder", "Provider"),
    "plan": ("Passes", "RequestPlan", "default_budget", "fleet_gammas", "plan_request", "scale_forget_rows"),
    "openings": ("Budget",),
    "proving": ("ProveResult", "ProvedChunk", "prove"),
    "saving": ("SavedModel", "check_save", "save_unlearned", "state_proof"),
    "scale.run": ("run_scale",),
    "enrolment.renewing": ("adopt", "check_renewal", "current_theta", "openings_left", "renew"),
    "request": ("RequestResult", "create_request"),
    "toolchain": ("Toolchain", "open_toolchain"),
    "unlearning": ("ChunkReport", "UnlearnResult", "unlearn", "write_update"),
    "verifying": ("VerifiedChunk", "VerifyResult", "check_bundle", "verify"),
}

__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
