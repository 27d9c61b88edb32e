"""The public statement of one chunk: everything that verifier and prover agree on before the first commitment.

Statement JSON (`parse`): one object with exactly the fields below, integers as decimal strings, digests as 64 hex digits.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Any, Mapping

from .errors import StatementError
from .strict_json import MAX_NESTING, nesting

RELATION = "fold_kkt"
GAMMA_LIMIT = 1 << 39  # 1 <= gamma <= 2^39
BOUND_LIMIT = 1 << 250  # T1, T2, D < 2^250
DIGESTS = ("tables", "srs", "enrolment", "state", "request")
_INTEGERS = {
    "chunk": (0, 1 << 32),
    "weights": (1, 1 << 32),
    "gamma": (1, GAMMA_LIMIT + 1),
    "t1": (0, BOUND_LIMIT),
    "t2": (0, BOUND_LIMIT),
    "d": (0, BOUND_LIMIT),
}
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,79}")
_HEX32 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Statement:
    """One chunk. `weights` is its number of weights d; `t1`, `t2`, `d` bound sum f y^2, sum e^2, sum f delta^2.

    Raises StatementError if any value is out of its bounds: gamma = -1 mod p or T >= p would void every rule.
    """

    preset: str
    client: str
    tables: bytes
    srs: bytes
    enrolment: bytes
    state: bytes
    request: bytes
    chunk: int
    weights: int
    gamma: int
    t1: int
    t2: int
    d: int
    relation: str = RELATION

    def __post_init__(self) -> None:
        check_fields(self, RELATION, DIGESTS, _INTEGERS)


def check_fields(statement: Any, relation: str, digests: tuple[str, ...], integers: Mapping[str, tuple[int, int]]) -> None:
    """Raises StatementError unless names, 32-byte digests and integers [low, high) of a statement are what they must be."""
    if statement.relation != relation:
        raise StatementError(f"the relation must be {relation}", field="relation", value=statement.relation)
    for name in ("preset", "client"):
        if not isinstance(getattr(statement, name), str) or not _NAME.fullmatch(getattr(statement, name)):
            raise StatementError("1 to 64 letters, digits, dots, dashes or underscores", field=name, value=getattr(statement, name))
    for name in digests:
        if not isinstance(getattr(statement, name), bytes) or len(getattr(statement, name)) != 32:
            raise StatementError("a digest is 32 bytes", field=name, value=getattr(statement, name))
    for name, (low, high) in integers.items():
        value = getattr(statement, name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < high:
            raise StatementError(f"must be an integer in [{low}, {high})", field=name, value=value)


def rules(gamma: int, weights: int, rows: int) -> tuple[int, int]:
    """(T1, T2) = (floor(gamma^2 d / 8), 32 rows gamma): fixed by public sizes, so that they leak nothing."""
    return gamma * gamma * weights // 8, 32 * rows * gamma


def require_rules(statement: Statement, rows: int) -> None:
    """Raises StatementError unless T1 and T2 follow `rules`."""
    for name, value in zip(("t1", "t2"), rules(statement.gamma, statement.weights, rows)):
        if getattr(statement, name) != value:
            raise StatementError(f"the rule gives {value}", field=name, value=getattr(statement, name))


def parse(text: str | bytes, kind: type = Statement) -> Any:
    """Statement JSON to a statement of that kind. Raises StatementError on anything missing, extra, doubled or out of bounds."""
    if nesting(text.encode() if isinstance(text, str) else text) > MAX_NESTING:
        raise StatementError(f"brackets nested deeper than {MAX_NESTING}")
    try:
        data = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise StatementError("not a JSON object", value=str(error)) from error
    if not isinstance(data, dict):
        raise StatementError("not a JSON object", value=data)
    return from_mapping(data, kind)


def from_mapping(data: Mapping[str, object], kind: type = Statement) -> Any:
    """A mapping of strings to a statement of that kind. Raises StatementError."""
    types = {field.name: field.type for field in fields(kind)}
    for name in sorted(set(types) ^ set(data)):
        raise StatementError("missing" if name in types else "unknown field", field=name)
    return kind(**{name: _value(name, types[name], data[name]) for name in types})


def to_mapping(statement: Any) -> dict[str, str]:
    """The inverse of `from_mapping`."""
    values = {field.name: getattr(statement, field.name) for field in fields(statement)}
    return {name: value.hex() if isinstance(value, bytes) else str(value) for name, value in values.items()}


def _value(name: str, kind: object, text: object) -> object:
    if not isinstance(text, str):
        raise StatementError("every field is a string", field=name, value=text)
    if kind == "bytes":
        if not _HEX32.fullmatch(text):
            raise StatementError("a digest is 64 lower-case hex digits", field=name, value=text)
        return bytes.fromhex(text)
    if kind == "int":
        if not _DECIMAL.fullmatch(text):
            raise StatementError("a decimal string without sign or leading zeros", field=name, value=text)
        return int(text)
    return text


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise StatementError("a field occurs twice", value=[name for name, _ in pairs])
    return dict(pairs)
