"""For a browser at an address that is none, or that takes no such call: a page like the others, with a way home."""

from __future__ import annotations

from functools import cache

from fastapi import Request, Response

from zkapex_jax.service.dashboard.pages import Pages

#: Machines call these, whatever they say that they accept.
_API = ("/v1", "/openapi.json")
_WORDS = {
    404: ("No such page", "Nothing is at this address."),
    405: ("Not this way", "This address does not take such a call."),
}


def wants_page(request: Request, status: int) -> bool:
    """Whether a person asked who looks at the answer, for something that the pages have words for."""
    path = request.url.path
    of_api = any(path == root or path.startswith(f"{root}/") for root in _API)
    return status in _WORDS and not of_api and "text/html" in request.headers.get("accept", "")


def page(status: int) -> Response:
    """The words in the frame of the pages; nothing of the address is repeated."""
    heading, text = _WORDS[status]
    rendered = _pages().render("message.html.j2", heading=heading, text=text)
    return Response(rendered.body, status, rendered.headers, "text/html; charset=utf-8")


@cache
def _pages() -> Pages:
    return Pages()
