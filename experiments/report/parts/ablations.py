"""Every constant changed alone, around one centre: accuracy, forgetting, and what the proof costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from experiments.report import words
from experiments.report.section import Block
from experiments.report.study import Series, Tables, by_seed, less, ordered, recovered, spread
from experiments.report.table import Table

STUDY = "ablations"

#: Axis -> what its settings are, in the order of the report.
AXES: Mapping[str, str] = MappingProxyType({
    "block": "weights a block of the curvature",
    "damping": "damping, γ over tr(GᵀG)/n",
    "client-rows": "client's gradient rows, n",
    "micro-batch": "examples a gradient row, of equally many in all",
    "clipping": "clipping of gradient rows",
    "gradient-bits": "integer bits of gradients",
    "fraction-bits": "binary places of weights",
    "sparsity": "share of the weights masked",
    "cluster": "share of the chunks that a clustered mask may touch",
    "forget-rows": "kind of forget rows",
    "forget-count": "number of forget rows",
    "forget-weight": "length of forget rows over that of client rows",
    "mask": "score of the mask, with forget rows",
    "mask-plain": "score of the mask, without forget rows",
})  # fmt: skip

#: Settings that the protocol has no statement for: floats, directions that are forbidden. They have no cost, and no place among what can be chosen.
UNPROVEN = frozenset({("gradient-bits", "float"), ("fraction-bits", "float"), ("forget-rows", "hard"), ("forget-rows", "hard-whole")})

#: Rows of the statement are int8.
SERVED_GRADIENT_BITS = 8

#: Axes on which masking itself changes: the forget accuracy says more there than what compensation leaks.
MASK_AXES = ("sparsity", "cluster", "mask", "mask-plain")


@dataclass(frozen=True)
class Point:
    """One setting of an axis, of one task: series by seed, 0 to 1; cost of the proof, seconds and bytes of a chunk of one seed times the chunks of all."""

    axis: str
    setting: str
    personalised: Series
    masked: Series
    personal: Series
    forget_masked: Series
    forget: Series
    prove_seconds: float | None
    prove_bytes: float | None
    enrol_seconds: float | None

    @property
    def lost(self) -> Series:
        """Personal accuracy lost after compensation."""
        return less(self.personalised, self.personal)

    @property
    def cost(self) -> Series:
        """Personal accuracy that masking alone loses."""
        return less(self.personalised, self.masked)

    @property
    def leak(self) -> Series:
        """Forget accuracy that compensation brings back."""
        return less(self.forget, self.forget_masked)

    @property
    def recovered(self) -> float | None:
        """Share of the masking cost given back, in means; None where masking cost less than a point."""
        share = recovered(self.personalised, self.masked, self.personal)
        return None if share is None else share.value


def tasks(found: Tables) -> list[str]:
    """Tasks that have axes."""
    frame = found.select(STUDY)
    return ordered(frame[frame["group"].isin([f"ablation/{axis}" for axis in AXES])]["task"])


def axes(found: Tables, task: str) -> list[str]:
    """Axes measured, in the report's order."""
    groups = set(found.select(STUDY, task=task)["group"])
    return [axis for axis in AXES if f"ablation/{axis}" in groups]


def points(found: Tables, task: str, axis: str) -> list[Point]:
    """Settings of the axis in the order of the table."""
    frame = found.select(STUDY, task=task, group=f"ablation/{axis}")
    compensated = frame[frame["method"] == "compensated"]
    if axis.startswith("mask"):
        names = words.in_order(words.MASKS, list(compensated["setting"]))
    else:
        names = ordered(compensated["setting"])
    personalised = by_seed(found.select(STUDY, task=task, group="reference", method="personalised"), "accuracy/personal")
    return [_point(found, task, axis, setting, personalised) for setting in names]


def _point(found: Tables, task: str, axis: str, setting: str, personalised: Series) -> Point:
    frame = found.select(STUDY, task=task, group=f"ablation/{axis}", setting=setting)
    series = lambda method, name: by_seed(frame[frame["method"] == method], f"accuracy/{name}")  # noqa: E731
    chunk = _chunk(found, task, axis, setting)
    touched, total = (spread(by_seed(frame[frame["method"] == "compensated"], f"chunks/{name}")) for name in ("touched", "total"))
    whole = lambda measure, count: None if measure not in chunk or count is None else chunk[measure] * count.mean  # noqa: E731
    return Point(axis, setting, personalised, series("masked", "personal"), series("compensated", "personal"), series("masked", "forget"),
                 series("compensated", "forget"), whole("prove/chunk", touched), whole("bytes/chunk", touched), whole("enrol/chunk", total))  # fmt: skip


def _chunk(found: Tables, task: str, axis: str, setting: str) -> dict[str, float]:
    """What a chunk costs at this setting, or at the centre where it changes no size; nothing where it cannot be proven.

    One task is proven where others have none: the cost of a chunk depends on its size alone.
    """
    if not provable(axis, setting):
        return {}
    proofs = found.select(STUDY, method="proof")
    if len(proofs):
        proofs = proofs[proofs["task"] == (task if task in set(proofs["task"]) else proofs["task"].iloc[0])]
    own = proofs[(proofs["group"] == f"ablation/{axis}") & (proofs["setting"] == setting)]
    rows = own if len(own) else proofs[proofs["group"] == "ablation/centre"]
    return dict(zip(rows["measure"], rows["value"], strict=True))


def provable(axis: str, setting: str) -> bool:
    """Whether a client could prove that it did this: integers as wide as served at most, and the optimum that the statement is about."""
    return (axis, setting) not in UNPROVEN and not (axis == "gradient-bits" and int(setting) > SERVED_GRADIENT_BITS)


def label(axis: str, setting: str) -> str:
    """A setting as a reader reads it: fractions of two as such."""
    if axis.startswith("mask"):
        return words.title(words.MASKS, setting)
    try:
        value = float(setting)
    except ValueError:
        return setting
    if 0 < value < 0.1 and (1 / value).is_integer() and axis == "damping":
        return f"1/{round(1 / value):,}"
    return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1000 else f"{value:g}"


def blocks(found: Tables) -> tuple[Block, ...]:
    """A table for each axis of each task."""
    return tuple(_block(found, task, axis) for task in tasks(found) for axis in axes(found, task))


def _block(found: Tables, task: str, axis: str) -> Block:
    rows = []
    for point in points(found, task, axis):
        share = point.recovered
        rows.append((
            label(axis, point.setting),
            words.spread(spread(point.cost), 1, 100),
            words.spread(spread(point.personal), 1, 100),
            "–" if share is None else words.number(100 * share, 0),
            words.spread(spread(point.forget_masked), 1, 100),
            words.spread(spread(point.forget), 1, 100),
            words.spread(spread(point.leak), 1, 100),
            *(_cost(value, factor, digits) for value, factor, digits in
              ((point.prove_seconds, 1.0, 2), (point.prove_bytes, 1e-3, 1), (point.enrol_seconds, 1.0, 1))),
        ))  # fmt: skip
    header = (AXES[axis], "personal lost by masking", "personal, compensated", "recovered, %", "forget, masked", "forget, compensated",
              "leak", "prove, s", "proof, kB", "enrol, s")  # fmt: skip
    return Block(f"{task}: {AXES[axis]}", Table(header, tuple(rows)))


def _cost(value: float | None, factor: float, digits: int) -> str:
    return "–" if value is None else words.number(factor * value, digits)
