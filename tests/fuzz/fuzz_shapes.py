"""Changes of formats that the product alone reads: signed statements, msgpack trees, several small formats under one roof, calls.

Each takes an input apart, alters a value as `fuzz_mutate` does, and puts it together so that a changed value is read.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from fuzz_mutate import KEY, Bytes, alter, canonical

#: Leaves of Flax's msgpack that hold an array: (shape, dtype, bytes).
_ARRAY = 1


def statement(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    """A receipt, or the head of a ledger; signed again by the key of the corpus, seven times in eight."""
    value = json.loads(data)
    for _ in range(random.randint(1, 3)):
        value = alter(random, value, change)
    return canonical(signed(value) if random.randrange(8) else value)


def signed(value: dict[str, Any]) -> dict[str, Any]:
    """Signature and provider true of what the statement says; it may say anything."""
    body = {name: item for name, item in value.items() if name != "signature"}
    context = f"{body['format']}/{body['version']}\0".encode("utf-8", "replace")
    return body | {"signature": KEY.sign(context + canonical(body)).hex()}


def tree(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    """Msgpack as Flax writes it: keys, shapes, types and bytes of arrays."""
    import msgpack

    value = _opened(msgpack.unpackb(data, ext_hook=msgpack.ExtType, strict_map_key=False))
    for _ in range(random.randint(1, 3)):
        value = alter(random, value, change)
    return msgpack.packb(_closed(value), use_bin_type=True)


def _opened(value: Any) -> Any:
    """Arrays as lists of their parts, bytes as hex, which `alter` knows."""
    import msgpack

    if isinstance(value, dict):
        return {name: _opened(item) for name, item in value.items()}
    if isinstance(value, msgpack.ExtType):
        shape, dtype, data = msgpack.unpackb(value.data, use_list=True)
        return ["array", str(value.code), [str(size) for size in shape], dtype, data.hex()]
    return value


def _closed(value: Any) -> Any:
    import msgpack

    if isinstance(value, dict):
        return {name: _closed(item) for name, item in value.items()}
    if isinstance(value, list) and len(value) == 5 and value[0] == "array":
        code, shape, dtype, data = value[1:]
        sizes = [int(size) for size in shape] if isinstance(shape, list) else shape
        return msgpack.ExtType(int(code) % 128, msgpack.packb((sizes, dtype, bytes.fromhex(data[: len(data) // 2 * 2])), use_bin_type=True))
    return [_closed(item) for item in value] if isinstance(value, list) else value


def tagged(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    """JSON, and a last byte that says which of several readers it is for; small text where it is no JSON."""
    body, tag = data[:-1], data[-1:]
    if random.randrange(40) == 0:
        return body + bytes([random.randrange(16)])
    try:
        value = alter(random, json.loads(body), change)
    except ValueError:
        return change(body, longest - 1) + tag
    return canonical(value) + tag
