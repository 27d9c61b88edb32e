"""What tests of hostile clients share: a site with few calls and short headers, and what it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service_world import GENEROUS, Party, Site

LIMITS = GENEROUS.model_copy(update={"header": 1 << 16, "jobs": "12/hour"})


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def submit(party: Party, path: Path) -> tuple[int, str]:
    return error(party.http.post("/v1/bundles", json={"bundle": party.upload(path, "bundle")}))


def kept(site: Site) -> set[str]:
    return {path.name for folder in ("artefacts", "points") for path in (site.settings.provider / folder).iterdir()}
