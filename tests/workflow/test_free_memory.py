"""Free memory is what the tightest of the limits leaves: of the system, of every group above a process, of the process itself."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.workflow.costs import free_memory as module
from zkapex_jax.workflow.costs.free_memory import Hierarchy, free_memory


def group(folder: Path, limit: str, used: int, stat: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "limit").write_text(f"{limit}\n")
    (folder / "used").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(stat)
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "HIERARCHIES", (Hierarchy(tmp_path, "memory", "limit", "used"),))
    monkeypatch.setattr(module, "_OWN_GROUPS", tmp_path / "cgroup")
    return tmp_path


def test_a_group_s_limit_counts_without_its_file_cache(root: Path) -> None:
    """100 MB allowed, 70 in use, of which 30 are cached files; "max" is no limit."""
    group(root, "100000000", 70_000_000, "anon 40000000\nactive_file 10000000\ninactive_file 20000000\n")
    assert free_memory() == 60_000_000
    (root / "limit").write_text("max\n")
    assert free_memory() != 60_000_000


def test_the_cache_of_groups_below_counts_where_it_is_told(root: Path) -> None:
    group(root, "100000000", 70_000_000, "active_file 1\ntotal_active_file 10000000\ninactive_file 2\ntotal_inactive_file 20000000\n")
    assert free_memory() == 60_000_000


@pytest.mark.parametrize("tight", ["", "a", "a/b"])
def test_every_group_above_counts(root: Path, tight: str) -> None:
    """As under systemd's MemoryMax, or in a group that somebody made by hand."""
    (root / "cgroup").write_text("9:pids:/x\n4:cpu,memory:/a/b\n0::/\n")
    for name in ("", "a", "a/b"):
        group(root / name, "50000000" if name == tight else str(1 << 62), 10_000_000)
    assert free_memory() == 40_000_000


@given(text=st.text(alphabet="0123456789:/,abc memory\n", max_size=80), stat=st.text(alphabet="active_file 0123456789\n", max_size=60))
def test_files_that_say_nothing_limit_nothing(tmp_path_factory: pytest.TempPathFactory, text: str, stat: str) -> None:
    folder = tmp_path_factory.mktemp("groups")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HIERARCHIES", (Hierarchy(folder, "memory", "limit", "used"),))
        patch.setattr(module, "_OWN_GROUPS", folder / "cgroup")
        (folder / "cgroup").write_text(text)
        group(folder, "max", 0, stat)
        found = free_memory()
    assert found is None or found > 0


def test_the_limit_of_a_process_s_addresses_counts() -> None:
    code = "from zkapex_jax.workflow.costs.free_memory import free_memory; print(free_memory())"
    most = 1 << 30
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )  # fmt: skip
    assert 0 < int(made.stdout) < most


def test_swap_counts_where_it_is_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEMORY_INFO", root / "meminfo")
    (root / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable: 100 kB\nSwapFree: 50 kB\nHugePages_Free: 0\n")
    assert (free_memory(), free_memory(swap=True)) == (102_400, 153_600)
    (root / "meminfo").write_text("MemAvailable: 100 kB\n")
    assert free_memory(swap=True) == 102_400
    (root / "meminfo").write_text("MemTotal: 900 kB\n\n")
    assert free_memory() is None or free_memory() > 0
