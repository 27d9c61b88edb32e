"""The long run, `make fuzz`: every target of both sides in turns of a minute, until each has had its share of minutes.

State lies in runs/fuzz: an interrupted run goes on where it stopped. Afterwards `fuzz_keep.py` chooses what of the corpus is kept.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CRATE, HERE = ROOT / "prover" / "fuzz", Path(__file__).parent
BINARY = CRATE / "target" / "release" / "zkapex-fuzz"
RUN = ROOT / "runs" / "fuzz"
KEPT, SEEDS = CRATE / "corpus", RUN / "seeds"
TURN = 60
NOTHING = {"executions": 0, "seconds": 0, "peak_mb": 0, "faults": 0}
State = dict[str, dict[str, dict[str, int]]]
#: What an input may take, in seconds by the clock, and a process in MB. Python verifies a proof in a tenth of a second.
SECONDS, MEGABYTES = {"rust": 1, "python": 10}, 1024
_STAT = re.compile(r"stat::(\w+):\s+(\d+)")
_NEW = re.compile(r"(crash|leak|oom|slow-unit|timeout)-[0-9a-f]{40}\Z")
_SIZE = re.compile(r"const ALL: \[Target; (\d+)\]")
_TARGET = re.compile(r'target\("([a-z-]+)", Shape::\w+, 1 << (\d+),')


def rust_targets() -> dict[str, int]:
    """Target -> longest input, as prover/fuzz/src/targets/mod.rs has them."""
    text = (CRATE / "src" / "targets" / "mod.rs").read_text()
    found = {name: 1 << int(bits) for name, bits in _TARGET.findall(text)}
    if len(found) != int(_SIZE.search(text)[1]):
        raise SystemExit("the list of targets in prover/fuzz/src/targets/mod.rs is written otherwise than expected")
    return found


def python_targets() -> dict[str, int]:
    sys.path.insert(0, str(HERE))
    from fuzz_targets import targets

    return {name: target.max for name, target in targets().items()}


def prepare() -> None:
    subprocess.run([sys.executable, str(HERE / "fuzz_seeds.py"), str(SEEDS)], check=True)
    environment = os.environ | {"RUSTC_WRAPPER": str(CRATE / "instrument.sh")}
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=CRATE, env=environment, check=True)


def command(side: str, target: str) -> tuple[list[str], dict[str, str]]:
    if side == "rust":
        return [str(BINARY)], {"ZKAPEX_FUZZ_TARGET": target}
    return [sys.executable, str(HERE / "fuzz_python.py"), target], {}


def turn(side: str, target: str, longest: int, seconds: int) -> dict[str, int]:
    """One turn: executions, seconds, and new faults, whose inputs lie in runs/fuzz/faults."""
    corpus, faults, log = RUN / "corpus" / side / target, RUN / "faults", RUN / "logs" / f"{side}-{target}.log"
    for folder in (corpus, faults, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    # Both sides read the same formats: what is kept of one serves the other too.
    sources = [str(folder) for folder in (KEPT / target, SEEDS / target) if folder.is_dir()]
    program, environment = command(side, target)
    prefix = faults / f"{side}-{target}-"
    options = [f"-timeout={SECONDS[side]}", f"-rss_limit_mb={MEGABYTES}", f"-max_len={longest}", f"-max_total_time={seconds}"]
    options += [f"-artifact_prefix={prefix}", "-print_final_stats=1"]
    begun = used()
    with log.open("w") as stream:
        subprocess.run([*program, str(corpus), *sources, *options], env=os.environ | environment, stderr=stream, stdout=subprocess.DEVNULL)
    stats = {name: int(value) for name, value in _STAT.findall(log.read_text(errors="replace"))}
    return {
        "executions": stats.get("number_of_executed_units", 0),
        "seconds": round(used() - begun),
        "peak_mb": stats.get("peak_rss_mb", 0),
        "faults": sum(fault(side, target, path) for path in sorted(faults.iterdir()) if _NEW.match(path.name.removeprefix(prefix.name))),
    }


def used() -> float:
    """Processor time of all turns, in seconds: a process that is stopped meanwhile, or shares its core, gets its share all the same."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def fault(side: str, target: str, path: Path) -> int:
    """1 where the input fails again by itself. Of time it is processor time that counts: whoever is stopped for a while is not slow."""
    name = path.name.removeprefix(f"{side}-{target}-")
    again = alone(side, target, path)
    if name.startswith(("timeout", "slow-unit")):
        nothing = path.with_name("empty")
        nothing.write_bytes(b"")
        failed = again[1] - alone(side, target, nothing)[1] > 1
        nothing.unlink()
    else:
        failed = again[0] != 0
    path.rename(path.with_suffix(".confirmed")) if failed else path.unlink()
    return int(failed)


def alone(side: str, target: str, path: Path) -> tuple[int, float]:
    """Exit status and processor time of one input, without a limit of time."""
    program, environment = command(side, target)
    begun = used()
    done = subprocess.run([*program, str(path), f"-rss_limit_mb={MEGABYTES}", "-timeout=600"], env=os.environ | environment, capture_output=True)
    return done.returncode, used() - begun


def load(path: Path) -> State:
    return json.loads(path.read_text()) if path.exists() else {}


def add(path: Path, side: str, target: str, new: dict[str, int]) -> State:
    """The state with one more turn, which may be another run's by now: one side each can run at a time."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = load(path)
        entry = state.setdefault(side, {}).setdefault(target, dict(NOTHING))
        entry |= {key: entry[key] + new[key] for key in ("executions", "seconds", "faults")} | {"peak_mb": max(entry["peak_mb"], new["peak_mb"])}
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(state, indent=1, sort_keys=True))
        temporary.replace(path)
    return state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of processor time for each target of each side, earlier runs counted")
    parser.add_argument("--sides", nargs="*", default=["rust", "python"], choices=["rust", "python"])
    parser.add_argument("--targets", nargs="*", help="these alone; all where none is named")
    parser.add_argument("--turn", type=int, default=TURN, help="seconds that a target has before the next one's turn")
    parser.add_argument("--state", type=Path, default=RUN / "state.json")
    options = parser.parse_args()
    prepare()
    targets = {"rust": rust_targets, "python": python_targets}
    todo = {(side, name): longest for side in options.sides for name, longest in targets[side]().items() if name in (options.targets or [name])}
    state = load(options.state)
    while todo:
        (side, name), longest = next(iter(todo.items()))
        del todo[side, name]
        left = round(60 * options.minutes) - state.get(side, {}).get(name, NOTHING)["seconds"]
        if left <= 0:
            continue
        new = turn(side, name, longest, min(options.turn, left))
        state = add(options.state, side, name, new)
        entry = state[side][name]
        total = sum(one["executions"] for one in state[side].values())
        print(f"{side:7}{name:16}{entry['executions']:12,} executions{entry['seconds']:7} s{entry['faults']:4} faults   {side} in all {total:,}", flush=True)
        if new["executions"]:
            todo[side, name] = longest
    sys.exit(any(one["faults"] for side in state.values() for one in side.values()))


if __name__ == "__main__":
    main()
