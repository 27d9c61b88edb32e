"""Runs in ezkl's own environment: `python inside.py BLOCK.npz FOLDER SRS_FOLDER PROOFS RANGES` prints one JSON document.

Nothing of zkapex is imported here.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ezkl
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: BN254, in whose scalar field ezkl computes.
FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617


class Refused(ValueError):
    """The proof, or what it makes public, is not that of an honest block."""


def main(arguments: list[str]) -> None:
    """Measure one block."""
    block_path, folder, srs_folder = (Path(argument) for argument in arguments[:3])
    proofs, ranges = int(arguments[3]), arguments[4] == "ranges"
    with np.load(block_path, allow_pickle=False) as file:
        block = {name: file[name] for name in file.files}
    srs_folder = srs_folder.resolve()
    os.chdir(folder)
    stages: dict[str, list[dict[str, float]]] = {}
    run = _Run(block, srs_folder, stages, ranges=ranges)
    with _quiet():
        settings = run.prepare()
        for _ in range(proofs):
            run.prove_and_verify()
    sys.stdout.write(json.dumps({
        "ezkl": ezkl_version(), "weights": len(block["theta_p"]), "logrows": settings["run_args"]["logrows"],
        "rows": settings["num_rows"], "settings": settings["run_args"], "stages": stages,
        "proof_bytes": len(json.loads(Path("proof.json").read_text())["proof"]),
        "peak_rss_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "key_bytes": Path("pk").stat().st_size,
    }) + "\n")  # fmt: skip


def ezkl_version() -> str:
    """As installed."""
    from importlib.metadata import version

    return version("ezkl")


class _Run:
    def __init__(self, block: dict[str, np.ndarray], srs_folder: Path, stages: dict[str, list[dict[str, float]]], *, ranges: bool) -> None:
        self.block, self.srs_folder, self.stages, self.ranges = block, srs_folder, stages, ranges

    def prepare(self) -> dict[str, Any]:
        """Circuit, reference string and keys: once a mask."""
        write_model(self.block["free"])
        columns = (self.block[name].astype(float).ravel().tolist() for name in ("curvature", "theta_p", "theta_u"))
        Path("input.json").write_text(json.dumps({"input_data": list(columns)}))
        with self._stage("settings"):
            _ok(ezkl.gen_settings("model.onnx", "settings.json", _options(ranges=self.ranges)))
            ezkl.calibrate_settings("input.json", "model.onnx", "settings.json", "resources", 2, scales=[0])
            _ok(ezkl.compile_circuit("model.onnx", "model.ezkl", "settings.json"))
        settings = json.loads(Path("settings.json").read_text())
        self.srs = self.srs_folder / f"kzg{settings['run_args']['logrows']}.srs"
        if not self.srs.exists():
            with self._stage("reference string"):
                part = self.srs.with_suffix(".part")
                ezkl.gen_srs(str(part), settings["run_args"]["logrows"])
                part.rename(self.srs)
        with self._stage("keys"):
            _ok(ezkl.setup("model.ezkl", "vk", "pk", str(self.srs)))
        return settings

    def prove_and_verify(self) -> None:
        """One proof: the witness with its commitments, the proof, its verification, and what it makes public."""
        with self._stage("witness"):
            ezkl.gen_witness("input.json", "model.ezkl", "witness.json", "vk", str(self.srs))
        with self._stage("prove"):
            ezkl.prove("witness.json", "model.ezkl", "pk", "proof.json", str(self.srs))
        with self._stage("verify"):
            accepted = ezkl.verify("proof.json", "settings.json", "vk", str(self.srs))
        if not accepted:
            raise Refused("ezkl refused its own proof")
        check_public(json.loads(Path("proof.json").read_text())["instances"][0], self.block)

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.stages.setdefault(name, []).append({"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu})


def write_model(free: np.ndarray) -> None:
    """The graph of the relation as `model.onnx`; the mask is a constant of it."""
    size = len(free)
    shaped = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)  # noqa: E731
    column = free.astype(np.float32).reshape(size, 1)
    graph = helper.make_graph(
        [
            helper.make_node("Sub", ["theta_u", "theta_p"], ["delta"]),
            helper.make_node("MatMul", ["curvature", "delta"], ["product"]),
            helper.make_node("Mul", ["free", "product"], ["station"]),
            helper.make_node("Mul", ["masked", "theta_u"], ["feasible"]),
        ],
        "kkt",
        [shaped("curvature", [size, size]), shaped("theta_p", [size, 1]), shaped("theta_u", [size, 1])],
        [shaped("station", [size, 1]), shaped("feasible", [size, 1])],
        [numpy_helper.from_array(column, "free"), numpy_helper.from_array(1 - column, "masked")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")


def check_public(instances: list[str], block: dict[str, np.ndarray]) -> None:
    """The verifier's own part: residues within their windows, masked weights zero. Raises Refused."""
    values = [_signed(text) for text in instances]
    size = len(block["free"])
    if len(values) != 2 * size:
        raise Refused(f"{len(values)} public values instead of {2 * size}")
    if any(abs(value) > int(window) for value, window in zip(values[:size], block["windows"], strict=True)):
        raise Refused("a residue is outside its window")
    if any(values[size:]):
        raise Refused("a masked weight is not zero")


def _signed(text: str) -> int:
    value = int.from_bytes(bytes.fromhex(text.removeprefix("0x")), "little")
    return value if value <= FIELD // 2 else value - FIELD


def _options(*, ranges: bool) -> Any:
    """ezkl's defaults (two inner columns were the cheapest of 1 to 16), at scale 0; without `ranges` no input is range-checked."""
    options = ezkl.PyRunArgs()
    options.input_visibility, options.param_visibility, options.output_visibility = "polycommit", "fixed", "public"
    options.input_scale = options.param_scale = 0
    options.ignore_range_check_inputs_outputs = not ranges
    return options


def _ok(outcome: object) -> None:
    if outcome is not True:
        raise Refused(f"ezkl said {outcome!r}")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """ezkl draws tables on standard output, which belongs to the result."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
