"""A process that has imported everything and forks one child a command: a trial then costs no start of Python.

It reads JSON lines: {"run": step, "root", "cache", "control", "out"} starts a child in a process group of its own and answers
{"pid"}; {"wait": pid} answers {"status"}: the exit status, negative for a signal. A child writes its outcome to `out`.
Run with the shared object preloaded and the folder of the steps as argument.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from fault_shim import ENVIRONMENT
from fault_steps import COMMANDS, Place, outcome_of, quietly


def child(order: dict[str, Any]) -> None:
    """Never returns."""
    code = 70
    try:
        os.setsid()
        out = Path(order["out"])
        place = Place(Path(order["root"]), Path(order["cache"]))
        os.environ[ENVIRONMENT] = order["control"]
        outcome = quietly(lambda: outcome_of(COMMANDS[order["run"]], place), Path(f"{out}.text"))
        out.write_text(json.dumps(outcome))
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            answer = {"status": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if pid == 0:
                child(order)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
