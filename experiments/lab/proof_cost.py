"""What the proof of an answer costs: real chunks of a stage, through every step of the protocol and the real binary.

Times are processor seconds of the Rust program on one thread, its start included, over the chunks that it worked on: what
one core takes, whatever else the machine is doing. They depend on the sizes of a chunk (2^k rows, P lanes, n client and K
forget rows), hardly on its content: a chunk that is not full costs what a full one does.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

import numpy as np

from experiments.lab.masks import touched
from experiments.lab.unlearning.stage import Stage
from experiments.performance.sizes import known, sized
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.models.chunks import chunk_bounds
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import generate_key
from zkapex_jax.quantize import forget_scale, gamma_of_rows, quantize_forget_rows, quantize_rows, to_fixed, typical_row_norm
from zkapex_jax.witness import masked_energy
from zkapex_jax.workflow import (
    Provider,
    Toolchain,
    admit,
    create_base,
    create_request,
    enrol,
    open_toolchain,
    prove,
    publish,
    publish_base,
    unlearn,
    verify,
)

#: The reference string that ships has 2^12 powers; longer ones are made here, which times do not depend on.
SHIPPED_K = 12

#: Chunks that are proven of each size, at most.
CHUNKS = 6

LANES = 16
SMALLEST_K, LARGEST_K = 8, 15

_CLIENT = "measured"
_ROOM = 64  # budget and distance as multiples of what the masked energy suggests: costs do not depend on them


@dataclass(frozen=True)
class Size:
    """A chunk of 2^k rows with P lanes, n client rows and K forget rows."""

    k: int = 12
    lanes: int = LANES
    client_rows: int = 64
    forget_rows: int = 8

    @property
    def preset(self) -> Preset:
        """Sizes of the statement, marked insecure: nobody serves them.

        Raises:
            InputError: they do not fit, or break the bounds sheet.
        """
        return sized(self.k, self.lanes, self.client_rows, self.forget_rows)


def size_for(block: int, client_rows: int, forget_rows: int = 8, lanes: int = LANES) -> Size:
    """The smallest size whose chunks hold `block` weights.

    Raises:
        InputError: there is none up to 2^15 rows.
    """
    for k in range(SMALLEST_K, LARGEST_K + 1):
        size = Size(k, lanes, client_rows, forget_rows)
        try:
            if size.preset.capacity >= block:
                return size
        except InputError:
            continue  # so few rows hold no chunk with so many client rows
    raise InputError(f"no chunk of up to 2^{LARGEST_K} rows holds it", code="proof_cost", field="block", value=block)


@dataclass(frozen=True)
class _Client:
    """A client of the first `chunks` touched chunks of a stage; arrays as in `workflow.synthetic`."""

    layout: TargetLayout
    theta0: np.ndarray
    theta: np.ndarray
    rows: np.ndarray
    mask: np.ndarray
    forget_rows: np.ndarray
    budget: dict[int, int]
    distance: tuple[int, ...]

    @property
    def chunks(self) -> int:
        return len(self.distance)


def proof_cost(stage: Stage, mask: np.ndarray, rows: np.ndarray, forget: np.ndarray, size: Size, cache: Path,
               chunks: int = CHUNKS) -> dict[str, float]:  # fmt: skip
    """Cost of one chunk of that size, and of the whole answer under the mask [W] if it is cut into such chunks.

    `rows` f32 [n, W] and `forget` f32 [K, W] are those of the compensation. Processor seconds and bytes: `prove/chunk`, `verify/chunk`,
    `enrol/chunk` (commitments and their proof), `bytes/chunk`, beside `prove/wall_chunk` (median, by the
    clock); times the chunks that are touched (enrolment: all): `prove/seconds`, `verify/seconds`, `enrol/seconds`, `prove/bytes`; `prove/us_per_weight` over the target weights.

    Raises:
        InputError: the mask touches nothing, or rows do not fit the size. InternalError: the prover is not built, or an
            honest proof was refused.
    """
    bounds = chunk_bounds(stage.layout.weights, size.preset.capacity)
    places = [place for place in bounds if mask[slice(*place)].any()]
    if not places or (len(rows), len(forget)) != (size.client_rows, size.forget_rows):
        raise InputError("mask and rows do not fit the size", code="proof_cost", field="rows", value=(len(places), len(rows), len(forget)))
    client = _client(stage, mask, rows, forget, places[:chunks])
    with known([size.preset]), tempfile.TemporaryDirectory(prefix="zkapex-cost-") as folder:
        tool = open_toolchain(size.preset, folder=cache, threads=1, insecure_srs=size.k > SHIPPED_K)
        one = _walk(tool, client, Path(folder))
    return one | totals(stage, mask, bounds, one) | {"chunks/proven": client.chunks}


def totals(stage: Stage, mask: np.ndarray, bounds: Sequence[tuple[int, int]], one: Mapping[str, float]) -> dict[str, float]:
    """What the whole answer costs if it is cut at `bounds` and a chunk costs `one`."""
    hit = touched(mask, bounds)
    return {
        "prove/seconds": one["prove/chunk"] * hit,
        "verify/seconds": one["verify/chunk"] * hit,
        "enrol/seconds": one["enrol/chunk"] * len(bounds),
        "prove/bytes": one["bytes/chunk"] * hit,
        "prove/us_per_weight": 1e6 * one["prove/chunk"] * hit / stage.layout.weights,
        "chunks/touched": hit,
        "chunks/total": len(bounds),
    }


def _client(stage: Stage, mask: np.ndarray, rows: np.ndarray, forget: np.ndarray, places: list[tuple[int, int]]) -> _Client:
    joined = lambda array: np.concatenate([array[..., start:stop] for start, stop in places], axis=-1)  # noqa: E731
    theta0, theta = joined(stage.base_weights), joined(stage.weights)
    base, own = to_fixed(theta0), to_fixed(theta)
    cuts = np.cumsum([0] + [stop - start for start, stop in places])
    masks, budget, distance = joined(mask), {}, []
    for index, (start, stop) in enumerate(zip(cuts, cuts[1:], strict=False)):
        part = slice(int(start), int(stop))
        energy = max(1, masked_energy(base[part], masks[part]))
        budget[index] = _ROOM * energy
        distance.append(_ROOM * max(energy, int(np.square(own[part].astype(np.float64) - base[part]).sum())))
    public = [_public(rows[:, start:stop], forget[:, start:stop]) for start, stop in places]
    layout = TargetLayout("measured", (("measured/kernel", (len(theta),)),))
    return _Client(layout, theta0, theta, joined(rows), masks, np.concatenate(public, axis=1), budget, tuple(distance))


def _public(rows: np.ndarray, forget: np.ndarray) -> np.ndarray:
    """Forget rows int8 [K, d] at their public scale."""
    if not len(forget):
        return np.zeros(forget.shape, np.int8)
    gamma = gamma_of_rows(quantize_rows(rows).rows)
    return quantize_forget_rows(forget, forget_scale(forget, typical_row_norm([gamma])))


def _walk(tool: Toolchain, client: _Client, folder: Path) -> dict[str, float]:
    """Base, enrolment, request, answer, verdict."""
    mine = folder / "client"
    with Provider.open(folder / "provider", create=True) as provider:
        key = generate_key(folder / "key.pem")
        provider.ledger.trust(key.public)
        base = create_base(tool, out=folder / "base.safetensors", key=key, name=_CLIENT, architecture="none", layout=client.layout,
                           theta0=client.theta0, distance=client.distance)  # fmt: skip
        publish_base(tool, provider, base.path)
        with _Processor() as enrolling:
            enrolled = enrol(tool, folder=mine, client_id=_CLIENT, base=base.path, layout=client.layout, theta=client.theta,
                             rows=client.rows, check=False)  # fmt: skip
        admitted = admit(tool, provider, enrolled.enrolment, enrolled.proof, allow_insecure=tool.insecure)
        request = create_request(tool, out=folder / "request.safetensors", key=key, model=base.model, layout=client.layout,
                                 mask=client.mask, forget_rows=client.forget_rows, budget=client.budget, forget=_CLIENT)  # fmt: skip
        publish(tool, provider, request.path)
        update = unlearn(tool, provider_key=key.public, check=False, folder=mine, request=request.path, state=admitted.state).update
        with _Processor() as proving:
            proof = prove(tool, folder=mine, request=request.path, state=admitted.state, update=update)
        with _Processor() as verifying:
            verdict = verify(tool, provider, proof.bundle, allow_insecure=tool.insecure)
    if not verdict.accepted:
        raise InternalError(f"an honest answer was refused: {verdict.reason}", code="proof_cost")
    return {
        "prove/chunk": proving.seconds / client.chunks,
        "verify/chunk": verifying.seconds / client.chunks,
        "enrol/chunk": enrolling.seconds / client.chunks,
        "bytes/chunk": float(median(chunk.bytes for chunk in proof.chunks)),
        "prove/wall_chunk": median(chunk.seconds for chunk in proof.chunks),
        "prove/peak_bytes": float(proof.peak_rss_bytes),
    }


class _Processor:
    """Processor seconds of children that ended inside the block."""

    seconds = 0.0

    def __enter__(self) -> Self:
        self._before = _children()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.seconds = _children() - self._before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
