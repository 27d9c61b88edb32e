"""Small files that the programs keep for themselves, or an operator writes, and the answers that a client gets of a service.

An input is a file's bytes and a last byte that says which reader it is for.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz_folder import folder
from fuzz_seeds import CLIENT, SIGNER, TIME
from fuzz_targets import Fault, Reader, Target
from zkapex_jax.errors import InputError, RefusedError, StorageError, ZkapexError
from zkapex_jax.formats import canonical

URL = "https://unlearn.example.org/v1/me"
ID = "0f" * 16


def choose(data: bytes, readers: list[Callable[[bytes], object]]) -> None:
    """The last byte names the reader."""
    if not data:
        raise InputError("no reader is named")
    readers[data[-1] % len(readers)](data[:-1])


def of_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of one file of a folder, which it leaves as it is."""

    def run(data: bytes) -> object:
        with folder().holding({name: data}) as path:
            return read(path / name)

    return run


def own_files() -> list[Callable[[bytes], object]]:
    from zkapex_jax.cli.provider import serve
    from zkapex_jax.client.home import Home
    from zkapex_jax.client.joining import read_invitation
    from zkapex_jax.workflow import advancing, openings, proving
    from zkapex_jax.workflow.scale import record as scale_record
    from zkapex_jax.workflow.ledger_place import ledger_place

    return [
        of_file("membership.json", lambda path: Home.open(path.parent).membership),
        of_file("openings.json", openings.load),
        of_file("chunk-00000.seed", advancing._read_seed),
        of_file("chunk-00000.done", proving._record),
        of_file("invitations", lambda path: read_invitation(str(path), CLIENT)),
        of_file("ledger.url", lambda path: ledger_place(path.parent)),
        of_file("limits.json", serve._limits),
        of_file("record.json", lambda path: scale_record._read(path, {"preset": "toy"})),
    ]


def answers() -> list[Callable[[bytes], object]]:
    """A provider's service may be anybody's. What a failure says must be fit for a terminal, and its code one that is known."""
    from zkapex_jax.client.answers import Job, Me, ReceiptFacts, RequestFacts, Upload, failure_of, parse_answer

    def parsed(kind: Any) -> Callable[[bytes], object]:
        return lambda body: parse_answer(kind, body, url=URL)

    def failed(status: int) -> Callable[[bytes], object]:
        def read(body: bytes) -> None:
            error = failure_of(status, body, url=URL)
            if not isinstance(error, ZkapexError) or not str(error).isprintable() or len(str(error)) > 3000:
                raise Fault(f"a service's words are passed on as they are: {str(error)[:200]!r}")
            json.dumps(error.to_dict()).encode()

        return read

    kinds = (Me, list[RequestFacts], Upload, Job, list[ReceiptFacts])
    return [*map(parsed, kinds), failed(400), failed(500)]


def seeds(put: Any) -> None:
    """`put(target, name, bytes)`."""
    dumps = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    membership = {"format": "zkapex.membership", "version": "1", "client_id": CLIENT, "url": "", "provider_keys": [SIGNER], "joined": TIME}
    counted = {"format": "zkapex.openings", "version": "2", "current": {"weights": ["aa"], "rows": ["bb"]}, "commitments": {"aa": "1", "bb": "0"}}
    files = [
        canonical.dumps(membership), canonical.dumps(counted),
        dumps({"proof_sha256": "11" * 32, "seed": "22" * 32, "seed_sha256": "33" * 32}), dumps({"proof_sha256": "11" * 32}),
        f"{CLIENT} {'A' * 43}\nother {'B' * 43}\n".encode(), b"postgresql://name:word@localhost/ledger\n",
        dumps({"limits": {"piece": 4096, "jobs": "60/hour"}, "queue": {"lease": 60}}),
        dumps({"key": {"preset": "toy"}, "stages": [{"name": "base", "facts": {}, "seconds": 1.5}]}),
    ]  # fmt: skip
    request = {"request_id": "r-1", "digest": "11" * 32, "published": TIME, "closed": None, "size": 700, "status": "open"}
    upload = {"upload": ID, "kind": "bundle", "digest": "11" * 32, "size": 9, "offset": 0, "whole": False, "expires": TIME, "piece": 4096}
    job = {"job": ID, "kind": "bundle", "digest": "11" * 32, "status": "done", "attempts": 1, "made": TIME, "finished": TIME,
           "outcome": {"accepted": False, "reason": "proof is wrong", "error": None, "receipt": "22" * 32, "state": None}}  # fmt: skip
    me = {"client_id": CLIENT, "public": SIGNER, "joined": TIME, "provider_keys": [SIGNER], "enrolment": None, "position": None, "state": None,
          "open_requests": ["r-1"]}  # fmt: skip
    receipt = {"receipt": "11" * 32, "bundle": "22" * 32, "kind": "receipt", "subject": "22" * 32, "made": TIME}
    error = {"error": {"code": "bad_field", "message": "is wrong", "field": "size", "value": "x", "hint": "try again", "exit_code": 2}}
    told = [*map(dumps, (me, [request], upload, job, [receipt], error, error))]
    for target, cases in {"own-files": files, "answers": told}.items():
        for number, data in enumerate(cases):
            put(target, str(number), data + struct.pack("B", number))


def _chosen(readers: Callable[[], list[Callable[[bytes], object]]]) -> Reader:
    return lambda data: choose(data, readers())


_REFUSALS = (InputError, RefusedError, StorageError)
OWN = (
    Target("own-files", "tagged", 1 << 12, {"product": _chosen(own_files)}, _REFUSALS),
    Target("answers", "tagged", 1 << 12, {"product": _chosen(answers)}, _REFUSALS),
)
