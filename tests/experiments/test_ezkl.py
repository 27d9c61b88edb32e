"""The block that ezkl is given, and what is refused before ezkl is asked. ezkl itself is not installed in tests."""

import io

import numpy as np
import psutil
import pytest

from experiments.ezkl import measure
from experiments.ezkl.__main__ import fitting
from experiments.ezkl.block import CURVATURE_BITS, make_block, write_block
from zkapex_jax.errors import InputError, InternalError


@pytest.mark.parametrize("size", [8, 64, 128])
def test_a_block_is_an_honest_answer(size):
    block = make_block(size)
    assert not block.theta_u[~block.free].any() and not block.free.all()
    assert (block.curvature == block.curvature.T).all() and np.abs(block.curvature).max() < 2 ** (CURVATURE_BITS - 1)
    assert np.linalg.eigvalsh(block.curvature.astype(float))[0] > 0
    assert (np.abs(block.station) <= block.windows).all()
    exact = block.curvature @ (block.theta_u - block.theta_p)
    assert (block.station[block.free] == exact[block.free]).all()


def test_without_compensation_the_block_is_refused():
    block = make_block(64)
    plain = np.where(block.free, block.theta_p, 0)
    residues = np.where(block.free, block.curvature @ (plain - block.theta_p), 0)
    assert (np.abs(residues) > block.windows).any()


def test_blocks_travel_without_pickles(tmp_path):
    block = make_block(16, seed=3)
    write_block(tmp_path / "block.npz", block)
    with np.load(io.BytesIO((tmp_path / "block.npz").read_bytes()), allow_pickle=False) as file:
        assert {name: file[name].dtype.kind for name in file.files} == {
            "curvature": "i", "theta_p": "i", "theta_u": "i", "free": "b", "windows": "i"}  # fmt: skip
        assert (file["theta_u"] == block.theta_u).all()


@pytest.mark.parametrize("size", [-1, 0, 1, 1025])
def test_other_sizes_are_refused(size):
    with pytest.raises(InputError, match="from 2 to 1024"):
        make_block(size)


def test_a_block_that_does_not_fit_is_refused_before_work(tmp_path, monkeypatch, capsys):
    class Little:
        available = 10**9

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Little)
    measure.check_room(64, tmp_path, ranges=True)
    assert fitting([(64, True), (128, False), (576, False)], tmp_path) == [(64, True), (128, False)]
    assert "left out: block: needs about 8.3 GB" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"29\.9 GB of free memory"):
        measure.check_room(576, tmp_path, ranges=True)


def test_a_failing_command_is_an_error_with_its_last_line(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("import sys\nprint('first', file=sys.stderr)\nsys.exit('the reason')\n")
    with pytest.raises(InternalError, match=r"fails\.py failed: the reason"):
        measure._run([measure.sys.executable, str(script)])
