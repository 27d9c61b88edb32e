"""What the address asks for: one request, one status, a search, an order, a page, a client, a step of its chain. Parsed once, written back as links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zkapex_jax.errors import InputError
from zkapex_jax.ledger.fleet import FleetQuery, Sort, Status
from zkapex_jax.protocol.fields import ClientId, RequestId, Text

ROWS = 50
#: Columns whose first click sorts downwards: the newest, the furthest.
_NEWEST_FIRST = {"answered", "last_seen", "position", "enrolled"}


class _Fields(BaseModel):
    """The address's fields, each within its bounds; a field that the page does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: RequestId | None = None
    status: Status | None = None
    q: Annotated[Text, Field(max_length=64)] = ""
    sort: Sort = "client_id"
    down: bool = False
    page: int = Field(1, ge=1, le=1_000_000)
    client: ClientId | None = None
    event: int | None = Field(None, ge=1, le=1 << 53)


@dataclass(frozen=True)
class View:
    """One look at the fleet. `request` None: all open requests together. `event`: place in the ledger's chain of the step shown."""

    request: str | None = None
    status: Status | None = None
    q: str = ""
    sort: Sort = "client_id"
    down: bool = False
    page: int = 1
    client: str | None = None
    event: int | None = None

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Typed view of an address's query; empty values count as absent. Raises InputError naming the first wrong field."""
        given: dict[str, str] = {}
        for name, value in pairs:
            if name in given:
                raise InputError("occurs twice in the address", code="bad_field", field=name)
            if value:
                given[name] = value.strip() if name == "q" else value
        try:
            return cls(**_Fields.model_validate(given).model_dump())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field, message = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
            raise InputError(message[:1].lower() + message[1:], code="bad_field", field=field, value=first["input"]) from None

    def query(self, *, late_before: str | None, known: Any = None) -> FleetQuery:
        """The ledger's question for this page."""
        return FleetQuery(
            request_id=self.request, status=self.status, search=self.q, sort=self.sort, descending=self.down,
            offset=(self.page - 1) * ROWS, limit=ROWS, late_before=late_before, known=known,
        )  # fmt: skip

    def link(self, path: str = "/", **changes: Any) -> str:
        """Address of this view with changes. Another filter or order starts at the first page; nothing that is as usual is written."""
        if changes.keys() - {"page", "client", "event"}:
            changes = {"page": 1} | changes
        if "client" in changes:
            changes = {"event": None} | changes
        changed, usual = replace(self, **changes), View()
        pairs = [(name, _text(value)) for name, value in vars(changed).items() if value != getattr(usual, name)]
        return f"{path}?{urlencode(pairs, quote_via=quote)}" if pairs else path

    def sorted_by(self, column: Sort) -> str:
        """Address of this view in the order of a column, or the other way round if it is already."""
        down = not self.down if column == self.sort else column in _NEWEST_FIRST
        return self.link(sort=column, down=down)

    def direction(self, column: Sort) -> str:
        """What `aria-sort` says of a column."""
        return "none" if column != self.sort else "descending" if self.down else "ascending"

    def fields(self, *without: str) -> list[tuple[str, str]]:
        """Fields of a form that keeps this view, but for those named."""
        usual = View()
        return [(name, _text(value)) for name, value in vars(self).items() if name not in without and value != getattr(usual, name)]


def _text(value: object) -> str:
    return "1" if value is True else "0" if value is False else str(value)
