"""The comparison of an estimate with the work: which figures are judged, and by what."""

from pathlib import Path

from experiments.estimate.compare import LIMIT, compare, judged
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import TOY
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.workflow.costs.estimating import estimate
from zkapex_jax.workflow.costs.calibration import Calibration, Rate
from zkapex_jax.workflow.costs.walk import PAYERS, Step, Walked


def test_ratios_of_estimated_over_measured() -> None:
    """Every step is estimated at 10 s and took 8: all totals are a quarter off; memory is right."""
    layout = ChunkedLayout.cut(TargetLayout("w", (("w", (10 * TOY.capacity,)),)), TOY)
    rates = {step: Rate(0.0, 1.0, 5_000_000) for step in PAYERS}
    guess = estimate(TOY, layout=layout, touched=range(10), measured=Calibration("toy", TOY.capacity, 2, rates, False, 1.0))
    done = Walked(10, TOY.capacity, 10, Path("."), guess.disk.bundle, guess.disk.messages,
                  {step: Step(8.0, (), 5_000_000) for step in PAYERS})  # fmt: skip
    rows = compare(guess, done, guess.disk.client_draft, {"client": guess.disk.client, "provider": 2 * guess.disk.provider})
    ratios = {row["name"]: row["ratio"] for row in judged(rows)}
    assert {ratios[name] for name in ("once a fleet, s", "enrolment, s", "answer, s", "prove, s", "verify, s")} == {1.25}
    assert ratios["memory, MB"] == ratios["bundle, MB"] == ratios["client's disk, MB"] == 1.0
    assert ratios["provider's disk, MB"] == 0.5
    assert LIMIT == 0.2 and len(rows) == len(PAYERS) + len(ratios)
