"""Headers of every answer: nothing is loaded from elsewhere, nothing runs but the package's own script and style, named by digest."""

from __future__ import annotations

import base64
import hashlib


def headers(style: str, script: str) -> dict[str, str]:
    """For a page with this one style and this one script inline."""
    policy = {
        "default-src": "'none'",
        "style-src": _named(style),
        "script-src": _named(script),
        "connect-src": "'self'",
        "img-src": "data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _named(text: str) -> str:
    """The CSP source that allows this very text inline."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
