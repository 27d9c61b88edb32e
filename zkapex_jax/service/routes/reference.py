"""The reference of the API as one page without outside assets, drawn from its OpenAPI document (`/openapi.json`)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

router = APIRouter(include_in_schema=False)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> HTMLResponse:
    """Every endpoint, what it takes and what it answers."""
    page = _environment().get_template("reference.html.j2").render(api=request.app.openapi(), calls=_calls(request.app.openapi()), show=_show)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})


def _calls(api: dict[str, Any]) -> list[dict[str, Any]]:
    """Endpoints in the order in which they were added."""
    return [
        {"method": method.upper(), "path": path, **call}
        for path, methods in api["paths"].items()
        for method, call in methods.items()
    ]  # fmt: skip


def _show(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("zkapex_jax.service", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
