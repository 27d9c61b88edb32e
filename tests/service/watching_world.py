"""The numbers of a service as Prometheus reads them."""

from __future__ import annotations

import secrets
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from service_world import Party, Site

from zkapex_jax.service import queue, uploads
from zkapex_jax.service.context import Service
from zkapex_jax.service.messages import NewUpload
from zkapex_jax.service.watching.collecting import registry_of


def exposition(service: Service) -> str:
    return generate_latest(registry_of(service)).decode()


def queued(site: Site, party: Party) -> str:
    """A job over a file that nobody sent: for what is asked of the queue, and not of a proof."""
    wanted = NewUpload(kind="bundle", digest=secrets.token_hex(32), size=1000)
    upload, _ = uploads.create(site.service.store, site.settings, party.who, wanted)
    return queue.submit(site.service.store, party.who, "bundle", wanted.digest, (upload.id, ""), site.settings.limits).id


class Numbers(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Samples by name and labels."""

    @classmethod
    def of(cls, text: str) -> Numbers:
        families = text_string_to_metric_families(text)
        return cls({(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples})

    @classmethod
    def now(cls, site: Site) -> Numbers:
        return cls.of(exposition(site.service))

    def get_one(self, name: str, **labels: str) -> float:
        """0 for a sample that is not there: its labels have not been seen."""
        return self.get((f"zkapex_{name}", frozenset(labels.items())), 0.0)

    def labels(self, name: str) -> list[dict[str, Any]]:
        return [dict(labels) for known, labels in self if known == f"zkapex_{name}"]
