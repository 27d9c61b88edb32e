"""`zkapex bench`, which measures the protocol, and `zkapex bench dense`, which measures the paper's circuit beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_walk import Run

TOOLS = ("--preset", "toy", "--no-progress")


def test_the_group_measures_the_protocol_by_itself(run: Run, cache: Path, tmp_path: Path) -> None:
    shown = run("bench", "--chunks", 1, "--out", tmp_path / "b.json", "--json", *TOOLS, "--cache", cache).document
    assert shown["chunks"] == 1 and shown["prove"]["us_per_weight"] > 0
    assert json.loads((tmp_path / "b.json").read_text())["verify"]["us_per_weight"] == shown["verify"]["us_per_weight"]


def test_dense_blocks_beside_the_folded_relation(run: Run, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "dense.json"
    shown = run("bench", "dense", "--blocks", "8,16", "--chunks", 1, "--out", out, "--json", *TOOLS, "--cache", cache).document
    assert [(row["relation"], row["block"]) for row in shown["dense"]] == [
        (name, block) for block in (8, 16) for name in ("dense_kkt_unranged", "dense_kkt")
    ]
    for row in (*shown["dense"], shown["folded"]):
        assert min(row[name] for name in ("prove_us_per_weight", "verify_us_per_weight", "bytes_per_weight", "peak_rss_bytes")) > 0
    assert {row["bytes"] for row in shown["dense"] if row["relation"] == "dense_kkt"} == {8000 + 48}  # blocks of any size alike
    assert json.loads(out.read_text()) == shown


def test_the_table_names_both_relations(run: Run, cache: Path) -> None:
    shown = run("bench", "dense", "--blocks", "8", "--chunks", 2, *TOOLS, "--cache", cache).out
    assert "dense_kkt" in shown and "fold_kkt" in shown and "bytes a weight" in shown


@pytest.mark.parametrize("blocks", ["", "8,", "8;16", "8,8", "12", "72", "64", "-8", "8.0", "٨", "8,16,24,32,40,48,56,64,8"])
def test_bad_blocks(run: Run, cache: Path, blocks: str) -> None:
    """64 is a block size, but none fits in the toy's rows."""
    assert "error: " in run("bench", "dense", "--blocks", blocks, *TOOLS, "--cache", cache, code=2).err


def test_an_option_before_the_subcommand_is_refused(run: Run) -> None:
    assert "write it after `dense`" in run("bench", "--chunks", 2, "dense", code=2).err


@pytest.mark.parametrize("names", [("bench",), ("bench", "dense"), ("bench", "vit-b16"), ("bench", "opt-125m")], ids=" ".join)
def test_help(run: Run, names: tuple[str, ...]) -> None:
    shown = run(*names, "--help").out
    assert f"$ zkapex {' '.join(names)}" in shown and "Exit codes" in shown and "--json" in shown


def test_nothing_is_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    run("bench", "dense", "--out", tmp_path / "there", code=4)
    assert (tmp_path / "there").read_text() == "mine"


def test_tables_of_dense_blocks(run: Run, tmp_path: Path) -> None:
    shown = run("tables", "--relation", "dense_kkt", "--block", 16, "--out", tmp_path / "t.json", "--json").document
    golden = json.loads((Path(__file__).parents[2] / "golden" / "dense_kkt-16.json").read_text())
    assert (shown["digest"], shown["bytes"]) == (golden["tables"]["sha256"], golden["tables"]["bytes"])
    for wrong in (("--block", 16), ("--relation", "dense_kkt"), ("--relation", "enrol", "--block", 8), ("--relation", "dense_kkt", "--block", 9)):
        assert "block" in run("tables", *wrong, code=2).err
