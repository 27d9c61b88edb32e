"""Records, sweeps, cost model, tables, figures and the note: without measuring anything, on records of known costs."""

import json

import pytest

from experiments.performance import machine, page, plots, records, sizes, sweeps, tables
from experiments.performance.fit import MODELS, fit
from experiments.performance.machine import facts
from experiments.performance.results import Results
from experiments.performance.sweeps import LARGE, STANDARD, SWEEPS, Point
from zkapex_jax import presets
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import fields

STAGES = {"create_proof": 3.0, "commit_theta_u": 0.5, "commit_y": 0.7, "columns": 0.4, "fold_commitments": 0.3,
          "inner_products": 0.2, "witness": 0.1, "statement": 0.0}  # fmt: skip


def measured(point: Point, prove: float = 5.2) -> dict:
    chunk = {"us_per_weight": 1.0, "us_per_weight_median": 1.0, "peak_rss_bytes": 10**8}
    proved = {"us_per_weight": prove, "us_per_weight_median": prove, "peak_rss_bytes": 10**8, "stages_us_per_weight": STAGES}
    return {"weights": point.weights, "chunks": point.chunks, "bundle_bytes": 5000 * point.chunks, "prove": proved, "verify": chunk,
            "enrol": chunk, "prove_enrolment": chunk, "verify_enrolment": chunk, "request": chunk}  # fmt: skip


def record(point: Point, *, others: float = 0.0, prove: float = 5.2, digest: str = "d") -> dict:
    return {"digest": digest, "point": point.to_json(), "measured": measured(point, prove), "machine": facts(),
            "meter": {"seconds": 1.0, "cpu_seconds": 1.0, "others_share": others}}  # fmt: skip


@pytest.fixture
def results(tmp_path):
    """Every point, and two sizes of ezkl; proofs of a chunk cost 1 µs a row and 0.1 µs a lane cell."""
    for point in sweeps.points(list(SWEEPS)):
        cost = (2**point.k + 0.1 * point.lanes * 2**point.k) / point.preset.capacity
        records.save(tmp_path / "points" / f"{point.name}.json", record(point, prove=cost))
    for block, cost in ((64, 60_000.0), (256, 120_000.0)):
        records.save(tmp_path / "ezkl" / f"block-{block}.json", {
            "block": block, "ranges": True, "logrows": 15, "prove_us_per_weight": cost, "prove_cpu_us_per_weight": cost, "bytes_per_weight": 50.0,
            "verify_us_per_weight": 900.0, "peak_rss_bytes": 4 * 10**8, "meter": {"others_share": 0.0},
        })  # fmt: skip
    return Results(tmp_path, tmp_path / "ezkl")


def test_records_are_taken_again_when_stale_or_noisy(tmp_path):
    path = tmp_path / "r.json"
    assert records.load(path, "d", noisy_too=True) is None
    records.save(path, record(STANDARD, others=0.3))
    assert records.load(path, "d", noisy_too=True) is not None
    assert records.load(path, "d", noisy_too=False) is None
    records.save(path, record(STANDARD, others=0.01))
    assert records.load(path, "d", noisy_too=False) is not None
    assert records.load(path, "of another build", noisy_too=True) is None


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_record_is_named(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        records.load(path, "d", noisy_too=True)
    assert str(path) in str(error.value)


def test_a_digest_names_every_setting():
    assert records.digest(STANDARD.to_json()) == records.digest(Point().to_json())
    assert len({records.digest(point.to_json()) for point in sweeps.points(list(SWEEPS))}) == len(sweeps.points(list(SWEEPS)))


def test_points_have_names_and_presets_of_their_own():
    every = sweeps.points(list(SWEEPS))
    assert len({point.name for point in every}) == len(every)
    for point in every:
        assert (point.preset.k, point.preset.lanes, point.preset.client_rows) == (point.k, point.lanes, point.rows)
    with pytest.raises(InputError, match="must be among"):
        sweeps.points(["rows", "colour"])


def test_measured_sizes_are_known_inside_the_block_only():
    preset = sizes.sized(10, 4, 16)
    assert preset.insecure and preset.name not in presets.PRESETS
    with sizes.known([preset]):
        assert presets.get_preset(preset.name) is preset
        assert preset.name in fields.PRESETS
    assert preset.name not in presets.PRESETS and preset.name not in fields.PRESETS


def test_a_meter_counts_others_apart(monkeypatch):
    """Ten seconds on two cores, of which the machine was busy for 12: 9 of them our own, 3 of others, of 20 that there were."""
    own, busy, clock = iter((1.0, 10.0)), iter((100.0, 112.0)), iter((0.0, 10.0))
    monkeypatch.setattr(machine, "_own", lambda: next(own))
    monkeypatch.setattr(machine, "_busy", lambda: next(busy))
    monkeypatch.setattr(machine.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(machine.psutil, "cpu_count", lambda: 2)
    with machine.Meter() as meter:
        pass
    assert (meter.seconds, meter.cpu_seconds) == (10.0, 9.0)
    assert meter.others_share == pytest.approx(0.15)
    assert records.noisy({"meter": meter.to_json()})


def test_the_cost_model_finds_the_prices_again(results):
    found = fit(MODELS[0], tables.fitting_set(results))
    assert found.worst < 1e-6
    prices = dict(zip((term.name for term in found.model.terms), found.prices, strict=True))
    assert [round(price, 6) for price in prices.values()] == [1.0, 0.1, 0.0, 0.0]
    assert found.seconds(STANDARD) == pytest.approx(1e-6 * (4096 + 0.1 * 16 * 4096))


def test_the_cost_model_wants_enough_points(results):
    with pytest.raises(InputError, match="3 records for 4 prices"):
        fit(MODELS[0], tables.fitting_set(results)[:3])


def test_the_bound_is_two_commitments():
    assert tables.bound(record(STANDARD)) == pytest.approx(1.2)
    assert tables.folding(measured(STANDARD)) == pytest.approx(1.0)


def test_tables_say_what_records_say(results):
    text = page.SECTIONS["stages"](results)
    assert "| Halo2 proof | 3.00 (2.50×) |" in text
    assert "| the bound: both commitments | 1.20 (1.00×) |" in text
    assert "1,234" not in (rows := page.SECTIONS["rows"](results)) and len(rows.splitlines()) == 2 + len(SWEEPS["rows"])
    cost = (1 + 1.6) * 4096 / STANDARD.preset.capacity
    assert f"{120_000 / cost:,.0f}×" in page.SECTIONS["ezkl"](results)


def test_noise_is_said_aloud(results):
    assert "quiet machine" in tables.noise(results)
    records.save(results.folder / "points" / f"{LARGE.name}.json", record(LARGE, others=0.4))
    assert "**1 of" in tables.noise(results) and "40%" in tables.noise(results)
    assert "(noisy)" in page.SECTIONS["k"](results)


def test_missing_records_name_the_command(tmp_path):
    empty = Results(tmp_path, tmp_path)
    for name in ("paper", "stages", "rows", "dense", "model", "scale", "ezkl"):
        assert "python -m experiments." in page.SECTIONS[name](empty)
    assert plots.figures(empty) == {}


def test_figures_are_svg_and_repeat_byte_for_byte(results):
    drawn = plots.figures(results)
    assert set(drawn) == {"weights", "rows", "lanes", "k", "blocks", "cores", "stages", "ezkl", "model"}
    assert all("<svg" in text and text.endswith("</svg>\n") for text in drawn.values())
    assert plots.figures(results)["rows"] == drawn["rows"]


def test_a_page_is_filled_between_its_markers():
    text = "# Head\n\n<!-- a -->\nold\n<!-- /a -->\nkept\n"
    once = page.filled(text, {"a": "new \\1"})
    assert once == "# Head\n\n<!-- a -->\nnew \\1\n<!-- /a -->\nkept\n"
    assert page.filled(once, {"a": "new \\1"}) == once
    with pytest.raises(InputError, match="other sections"):
        page.filled(text, {"a": "", "b": ""})
    with pytest.raises(InputError, match="opened and closed once"):
        page.filled("<!-- a -->\nnever closed\n", {"a": ""})


def test_the_committed_page_is_what_the_committed_records_give(tmp_path):
    from experiments.performance.__main__ import HERE, ROOT

    copy = tmp_path / "performance.md"
    copy.write_text((ROOT / "docs" / "performance.md").read_text())
    page.write_page(HERE / "results", HERE.parent / "ezkl" / "results", copy)
    assert copy.read_text() == (ROOT / "docs" / "performance.md").read_text()


def test_committed_records_are_of_points_that_are_measured():
    from experiments.performance.__main__ import HERE

    known = {point.name: point for point in sweeps.points(list(SWEEPS))}
    for path in (HERE / "results" / "points").glob("*.json"):
        assert json.loads(path.read_text())["point"] == known[path.stem].to_json()
