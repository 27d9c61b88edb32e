"""The ASGI application: endpoints, the guard before them, the dashboard beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from zkapex_jax import __version__
from zkapex_jax.errors import InputError, InternalError, ZkapexError
from zkapex_jax.service.answers import API_HEADERS, failure
from zkapex_jax.service.context import Service
from zkapex_jax.service.dashboard import dashboard_router, missing
from zkapex_jax.service.guard import Guard
from zkapex_jax.service.housekeeping import Housekeeping
from zkapex_jax.service.messages import Failure
from zkapex_jax.service.routes import evidence, joining, judging, reading, reference, uploading
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.watching import noting
from zkapex_jax.service.watching.metered import Metered

_WORDS = "Every call but health and the ledger's head carries an Ed25519 signature by RFC 9421 and, with a body, a Content-Digest."


def create_app(settings: Settings) -> FastAPI:
    """One service over one provider's folder. Raises InputError or StorageError where that cannot be served."""
    return app_of(Service.open(settings))


def app_of(service: Service) -> FastAPI:
    """As `create_app`, of what is open already."""
    app = FastAPI(
        title="zkapex", version=__version__, description=_WORDS, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_lifespan,
        responses={400: {"model": Failure}, 401: {"model": Failure}, 429: {"model": Failure}},
    )  # fmt: skip
    app.state.service = service
    api = APIRouter(prefix="/v1")
    for part in (joining, reading, uploading, judging, evidence):
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(reference.router)
    app.include_router(dashboard_router(service.settings, service.ledger))
    app.add_exception_handler(ZkapexError, _zkapex)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)
    app.add_middleware(Guard, settings=service.settings, store=service.store, rates=service.rates)
    app.add_middleware(Metered, meters=service.meters)  # before the guard: what is added last comes first
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    with Housekeeping(service):
        yield
    service.store.close()
    service.ledger.close()


def _zkapex(_: Request, error: Exception) -> JSONResponse:
    return failure(error if isinstance(error, ZkapexError) else InternalError(repr(error), code="bug"))


def _malformed(_: Request, error: Exception) -> JSONResponse:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {"msg": "malformed", "loc": (), "input": None}
    field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return failure(InputError(str(first["msg"]).removeprefix("Value error, "), code="bad_field", field=field, value=first.get("input")))


def _http(request: Request, error: Exception) -> Response:
    """The framework's own: no such address, no such method. A browser gets a page, everybody else the error's code."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    allowed = dict(getattr(error, "headers", None) or {})
    if missing.wants_page(request, status):
        answer = missing.page(status)
        answer.headers.update(allowed)
        return answer
    known = {
        404: InputError("there is no such address", code="not_found"),
        405: InputError("this address has no such method", code="bad_method"),
    }
    found = known.get(status, InputError("cannot be answered", code="bad_call"))
    noting.refused(found.code)
    return JSONResponse({"error": found.to_dict()}, status, API_HEADERS | allowed)


def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    wrapped = InternalError(f"unexpected {type(error).__name__}: {error}", code="bug")
    wrapped.__cause__ = error
    return failure(wrapped)
