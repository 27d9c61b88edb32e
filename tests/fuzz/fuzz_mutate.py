"""One change of one input, past digests and canonical forms: the twin of prover/fuzz/src/mutate.rs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from random import Random
from typing import Any

from fuzz_seeds import KEY, SIGNATURE_CONTEXT

Bytes = Callable[[bytes, int], bytes]
Mutator = Callable[[Random, bytes, int, Bytes], bytes]
EDGES = (
    "", "0", "1", "-1", "-0", "00", "+1", "8", "255", "1048576", "549755813888", "1099511627776", "18446744073709551616", "٣",
    "52435875175126190479447740508185965837690552500527637822603658699938581184513", "1" + "0" * 78, "../a", "a\0b", "é\n", "0" * 64,
)  # fmt: skip
ODD: tuple[Any, ...] = (None, 7, -1.5e300, float("inf"), 10**30, True, {}, [], ["1"] * 70, {"hex": "00ff"}, "\ud800")
POINTS = (b"\xc0" + bytes(47), b"\x80" + bytes(47), b"\xa0" + bytes(47))
SCALARS = (bytes(32), b"\xff" * 32, (0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001).to_bytes(32, "little"))


def mutate(shape: str, random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    """`change` alters bytes without knowing what they are. The result has at most `longest` bytes."""
    if random.randrange(6) == 0:
        return change(data, longest)
    try:
        changed = _shapes()[shape](random, data, longest, change)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
        return change(data, longest)
    return changed if len(changed) <= longest else change(data, longest)


@lru_cache
def _shapes() -> dict[str, Mutator]:
    import fuzz_shapes as other

    known = {"json": _json, "container": _container, "slots": _slots, "pages": _pages, "text": lambda random, *rest: rest[-1](*rest[:-1])}
    return known | {"statement": other.statement, "tree": other.tree, "tagged": other.tagged}


def havoc(random: Random) -> Bytes:
    """A few of the usual changes of a byte string."""

    def change(data: bytes, longest: int) -> bytes:
        raw = bytearray(data)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(raw) + 1)
            kind = random.randrange(5)
            if kind == 0 and at < len(raw):
                raw[at] ^= 1 << random.randrange(8)
            elif kind == 1 and at < len(raw):
                raw[at] = random.choice(b'\x00\x01\x7f\x80\xff09"{')
            elif kind == 2:
                raw[at:at] = random.randbytes(random.randint(1, 8))
            elif kind == 3:
                del raw[at : at + random.randint(1, 64)]
            else:
                start = random.randrange(len(raw) + 1)
                raw[at:at] = raw[start : start + random.randint(1, 64)]
        return bytes(raw[:longest])

    return change


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _json(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    value = json.loads(data)
    for _ in range(random.randint(1, 3)):
        value = alter(random, value, change)
    return canonical(value)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to every value within, outer ones first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, item in inner for place in places(item, (*path, key))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def alter(random: Random, root: Any, change: Bytes) -> Any:
    """`root` with one of its values altered."""
    everywhere = places(root)
    path, other = random.choice(everywhere), deepcopy(at(root, random.choice(everywhere)))
    new = _altered(random, at(root, path), other, change)
    if not path:
        return new
    at(root, path[:-1])[path[-1]] = new
    return root


def _altered(random: Random, value: Any, other: Any, change: Bytes) -> Any:
    kind = random.randrange(40)
    if kind == 0:
        return deepcopy(random.choice(ODD))
    if kind == 1:
        for _ in range(random.randrange(140)):
            other = [other] if random.randrange(2) else {"a": other}
        return other
    if kind < 5:
        return other
    if isinstance(value, str):
        return _text(random, value, change)
    if isinstance(value, list):
        return _list(random, value, other)
    if isinstance(value, dict):
        return _object(random, value, other, change)
    return not value if isinstance(value, bool) else random.choice(ODD)


def _text(random: Random, text: str, change: Bytes) -> str:
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(EDGES)
    if kind < 3 and text.isascii() and text.removeprefix("-").isdigit() and len(text) < 100:
        return str(int(text) + random.choice((1, -1, 2, 7, 255, 256, -64)))
    return change(text.encode("utf-8", "replace"), 200).decode("utf-8", "replace")


def _list(random: Random, items: list[Any], other: Any) -> list[Any]:
    place, kind = random.randrange(len(items) + 1), random.randrange(6)
    if kind == 0:
        return items[:place] + items[place + 1 :]
    if kind == 1:
        return items + [deepcopy(items[place - 1])] if items else [other]
    if kind == 2:
        return random.sample(items, len(items))
    if kind == 3:
        return items[:place]
    if kind == 4 and items:
        return items + [deepcopy(items[-1]) for _ in range(random.randrange(40))]
    return [*items[:place], other, *items[place:]]


def _object(random: Random, value: dict[str, Any], other: Any, change: Bytes) -> dict[str, Any]:
    result, name = dict(value), random.choice(sorted(value) or ["a"])
    kind = random.randrange(4)
    if kind == 0:
        result.pop(name, None)
    elif kind == 1:
        result[_text(random, name, change)] = result.pop(name, other)
    else:
        result[name if kind == 2 else _text(random, name, change)] = other
    return result


def _slots(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    """Points have 48 bytes, scalars 32, and all begin at multiples of 16."""
    width = random.choice((48, 32))
    count = (len(data) - width) // 16 + 1
    if count < 1 or random.randrange(3) == 0:
        return change(data, longest)
    start, source = 16 * random.randrange(count), 16 * random.randrange(count)
    field = random.choice((data[source : source + width], random.choice(POINTS if width == 48 else SCALARS), change(data[start : start + width], width)))
    return data[:start] + field.ljust(width, b"\0") + data[start + width :]


def _pages(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    """Bytes of a database, in a few places."""
    raw = bytearray(data)
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(raw))
        part = change(bytes(raw[start : start + 16]), 16)
        raw[start : start + len(part)] = part
    return bytes(raw)


def _container(random: Random, data: bytes, longest: int, change: Bytes) -> bytes:
    parts = Parts(data)
    for _ in range(random.randint(1, 3)):
        if parts.header is not None and random.randrange(2):
            parts.header = alter(random, parts.header, change)
        else:
            parts.alter(random, longest, change)
    if random.randrange(8):
        parts.seal()
    return parts.close()


class Parts:
    """A safetensors file taken apart. Raises ValueError, LookupError or TypeError where it is none."""

    def __init__(self, data: bytes) -> None:
        length = int.from_bytes(data[:8], "little")
        table = json.loads(data[8 : 8 + length])
        self.metadata = dict(table.pop("__metadata__", {}))
        text = self.metadata.pop("zkapex", None)
        self.header = None if text is None else json.loads(text)
        body = data[8 + length :]
        self.tensors = {name: [entry["dtype"], list(entry["shape"]), body[slice(*entry["data_offsets"])]] for name, entry in table.items()}

    def alter(self, random: Random, longest: int, change: Bytes) -> None:
        name = random.choice(sorted(self.tensors))
        tensor, kind = self.tensors[name], random.randrange(8)
        if kind == 0:
            del self.tensors[name]
        elif kind == 1:
            self.tensors[f"{name.partition('.')[0]}.{random.randrange(3):05}"] = deepcopy(tensor)
        elif kind == 2:
            tensor[0] = random.choice(("U8", "I8", "I16", "I32", "I64", "F32", "F64", "BF16", "BOOL", "", 7))
        elif kind == 3:
            tensor[1] = alter(random, tensor[1], change)
        elif kind == 4:
            self.tensors[_text(random, name, change)] = self.tensors.pop(name)
        else:
            self._content(random, tensor, longest, change)

    def _content(self, random: Random, tensor: list[Any], longest: int, change: Bytes) -> None:
        length, rows = len(tensor[2]), tensor[1][0] if tensor[1] and isinstance(tensor[1][0], int) else 0
        data = (_slots if random.randrange(3) == 0 else lambda _r, data, most, alter: alter(data, most))(random, tensor[2], longest, change)
        row = length // rows if rows > 0 else 0
        if row and random.randrange(2):
            tensor[2] = data[: len(data) // row * row]
            tensor[1][0] = len(tensor[2]) // row
        else:
            tensor[2] = data[:length].ljust(length, b"\0")

    def seal(self) -> None:
        """Header and signature true of the tensors."""
        if not isinstance(self.header, dict):
            return
        if "theta0" in self.tensors and isinstance(self.header.get("model"), dict):
            self.header["model"]["base_digest"] = hashlib.sha256(b"zkapex.base/1\0" + self.tensors["theta0"][2]).hexdigest()
        self.header["tensors"] = {
            name: {"dtype": dtype, "shape": [str(size) for size in shape] if isinstance(shape, list) else shape, "sha256": hashlib.sha256(data).hexdigest()}
            for name, (dtype, shape, data) in self.tensors.items()
        }
        if "signature" in self.metadata:
            self.metadata["signature"] = KEY.sign(SIGNATURE_CONTEXT + canonical(self.header)).hex()

    def close(self) -> bytes:
        table, body = {}, b""
        for name, (dtype, shape, data) in self.tensors.items():
            table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
            body += data
        metadata = self.metadata | ({} if self.header is None else {"zkapex": canonical(self.header).decode("utf-8", "surrogatepass")})
        head = json.dumps(table | ({"__metadata__": metadata} if metadata else {})).encode()
        return len(head).to_bytes(8, "little") + head + body
