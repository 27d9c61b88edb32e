"""Vectors of the ternary expansion: R itself for small sizes, c and p_j for it, digests for a larger one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ..field import MODULUS
from ..field import to_bytes
from ..ternary import combination, expand, lane_stream, projections
from .writing import Stream, decimals

SMALL = dict(lanes=2, active_rows=16, rows=3, projections=5)
TOY = dict(lanes=4, active_rows=224, rows=10, projections=16)
WIDE = dict(lanes=16, active_rows=48, rows=72, projections=128)


def cases(_: Path) -> dict[str, Any]:
    """File name -> content."""
    return {"small.json": small(), "digests.json": [digests("toy", TOY, 893), digests("wide", WIDE, 768)]}


def small() -> dict[str, Any]:
    """Everything written out."""
    return _case("small", SMALL, weights=31) | {"streams": [lane_stream(_r("small"), lane, 1).hex() for lane in range(3)]}


def digests(name: str, sizes: dict[str, int], weights: int) -> dict[str, Any]:
    """The same with R and c as SHA-256 digests."""
    case = _case(name, sizes, weights)
    for key in ("over_weights", "over_e"):
        case[f"{key}_sha256"] = hashlib.sha256("\n".join(case.pop(key)).encode()).hexdigest()
    for key in ("c", "c_e"):
        case[f"{key}_sha256"] = hashlib.sha256(b"".join(to_bytes(int(x)) for x in case.pop(key).split())).hexdigest()
    return case


def _r(name: str) -> bytes:
    return Stream(f"ternary/{name}/r").bytes(64)


def _case(name: str, sizes: dict[str, int], weights: int) -> dict[str, Any]:
    stream = Stream(f"ternary/{name}")
    r, eta = _r(name), stream.below(MODULUS)
    over_weights, over_e = expand(r, **sizes)
    delta = [stream.between(-(1 << 20), 1 << 20) for _ in range(weights)]
    e = [stream.between(-500, 500) for _ in range(sizes["rows"])]
    return {
        "name": name,
        "sizes": {key: str(value) for key, value in sizes.items()} | {"weights": str(weights)},
        "r": r.hex(),
        "eta": str(eta),
        "delta": decimals(delta),
        "e": decimals(e),
        "over_weights": _signs(over_weights),
        "over_e": _signs(over_e),
        "c": decimals(combination(eta, over_weights)),
        "c_e": decimals(combination(eta, over_e)),
        "p": decimals(projections(over_weights, over_e, delta, e)),
    }


def _signs(matrix: np.ndarray) -> list[str]:
    return ["".join("-0+"[entry + 1] for entry in row) for row in matrix.tolist()]
