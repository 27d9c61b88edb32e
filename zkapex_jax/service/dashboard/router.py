"""The dashboard's addresses. All but the login answer only to the provider's cookie; none changes anything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from zkapex_jax.errors import InputError, ZkapexError
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.fleet import export_rows
from zkapex_jax.service.dashboard import export
from zkapex_jax.service.dashboard.headers import headers
from zkapex_jax.service.dashboard.login import COOKIE, LIFETIME, Gate
from zkapex_jax.service.dashboard.looking import Looking
from zkapex_jax.service.dashboard.pages import Pages, Rendered
from zkapex_jax.service.dashboard.shelf import Shelf
from zkapex_jax.service.dashboard.view import View
from zkapex_jax.service.settings import Settings

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
#: Bytes of the login form, at most.
_FORM = 2048


def dashboard_router(settings: Settings, ledger: Ledger) -> APIRouter:
    """Routes of the one page, its login, its downloads and its export.

    `ledger` must be in the database that holds the service's tables. Without `settings.dashboard_token` nobody gets in.
    """
    return Dashboard(settings, ledger).router


class Dashboard:
    """One dashboard over one ledger."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self.ledger, self.pages = ledger, Pages()
        self.gate = Gate.of(settings.dashboard_token) if settings.dashboard_token else None
        self.looking = Looking(ledger, Shelf.of(settings.provider, ledger), timedelta(seconds=settings.late_after))
        self.router = APIRouter(include_in_schema=False)
        for path, answer in (("/", self.page), ("/fleet.csv", self.csv), ("/artefacts/{digest}", self.artefact), ("/receipts/{digest}", self.receipt)):
            self.router.add_api_route(path, self._guarded(answer), methods=["GET"])
        self.router.add_api_route("/login", self.login, methods=["POST"])
        self.router.add_api_route("/logout", self.logout, methods=["POST"])

    def _guarded(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """The same answer for whoever has logged in; the login for all others."""

        def guarded(request: Request) -> Response:
            if self.gate is None or not self.gate.admits(request.cookies.get(COOKIE), time.time()):
                return self._ask_for_token(_here(request))
            try:
                return answer(request)
            except InputError as error:
                return self._message("This address asks for something wrong", str(error), 400)
            except ZkapexError as error:
                return self._message("The ledger does not answer", str(error), 503)

        return guarded

    def page(self, request: Request) -> Response:
        """The fleet, and one client beside it where the address names one."""
        context = self.looking.context(View.parse(request.query_params.multi_items()))
        return _page(self.pages.render("page.html.j2", "dashboard", **context))

    def csv(self, request: Request) -> Response:
        """Every client of the view, streamed; its page and order do not count."""
        view = View.parse(request.query_params.multi_items())
        rows = export_rows(self.ledger, self.looking.query(view))
        name = f"fleet-{view.request or 'open-requests'}{f'-{view.status}' if view.status else ''}.csv"
        return StreamingResponse(export.lines(rows), media_type="text/csv; charset=utf-8", headers=headers("", "") | _attached(name))

    def artefact(self, request: Request) -> Response:
        """A file of the provider's folder, by the digest that the ledger names it by."""
        digest = _digest(request)
        path = self.looking.shelf.path(digest)
        if not path.is_file():
            return self._message("Not here", "No file of this digest is in the provider's folder.", 404)
        return FileResponse(path, media_type="application/octet-stream", headers=headers("", "") | _attached(f"{digest}.safetensors"))

    def receipt(self, request: Request) -> Response:
        """A signed receipt, as its client has it."""
        digest = _digest(request)
        document = self.looking.receipt(digest)
        if document is None:
            return self._message("Not here", "No receipt has this digest.", 404)
        return Response(document, media_type="application/json", headers=headers("", "") | _attached(f"receipt-{digest[:16]}.json"))

    async def login(self, request: Request) -> Response:
        """Trade the token for a cookie."""
        fields = await _form(request)
        given, after = fields.get("token", ""), _inside(fields.get("next", "/"))
        if self.gate is None:
            return self._ask_for_token(after)
        if _is_foreign(request):
            return self._ask_for_token(after, "Another site sent you here. Log in on this page.", 403)
        if not await run_in_threadpool(self.gate.opens, given.strip()):
            if self.gate.is_tired():
                return self._ask_for_token(after, "Too many wrong tokens. Wait a minute.", 429)
            return self._ask_for_token(after, "That is not the token.", 403)
        answer = RedirectResponse(after, 303, headers=headers("", ""))
        answer.set_cookie(
            COOKIE, self.gate.cookie(time.time()), max_age=LIFETIME, path="/", httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    def logout(self, request: Request) -> Response:
        """Forget the cookie in this browser, unless another site asks for it."""
        if _is_foreign(request):
            return self._message("Not logged out", "Another site asked for it.", 403)
        answer = RedirectResponse("/", 303, headers=headers("", ""))
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    def _ask_for_token(self, after: str, wrong: str = "", status: int = 401) -> Response:
        return _page(self.pages.render("login.html.j2", "login", shut=self.gate is None, wrong=wrong, next=after), status)

    def _message(self, heading: str, text: str, status: int) -> Response:
        return _page(self.pages.render("message.html.j2", heading=heading, text=text), status)


def _page(rendered: Rendered, status: int = 200) -> Response:
    return Response(rendered.body, status, rendered.headers, "text/html; charset=utf-8")


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _digest(request: Request) -> str:
    digest = request.path_params["digest"]
    if not _DIGEST.match(digest):
        raise InputError("must be 64 hex digits", code="bad_field", field="digest", value=digest)
    return digest


def _here(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _is_foreign(request: Request) -> bool:
    """Whether a form of another site was sent: browsers say so, in one of two headers (older ones in the second alone)."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host", "")


def _inside(address: str) -> str:
    """An address of this dashboard, never of another place."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not address.startswith("//") and "\\" not in address and not (parts.scheme or parts.netloc)
    return address if inside and address.isprintable() else "/"


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _FORM:
            return {}
    try:
        fields = parse_qs(body.decode("ascii", "replace"), max_num_fields=4)
    except ValueError:  # more fields than the form has
        return {}
    return {name: values[0] for name, values in fields.items()}
