"""Files of legal size that want far more than their size: time, memory, or a parser's patience."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Bundle, Enrolment
from zkapex_jax.service import uploads
from zkapex_jax.service.settings import Limits, Settings

ZEROS = "0" * 64
WEIGHTS = 2**40


def container(path: Path, header: str) -> Path:
    """A safetensors file of this artefact header and no tensors."""
    text = json.dumps({"__metadata__": {"zkapex": header}}, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    return path


def enrolment_of(weights: int) -> str:
    layout = {"chunks": [str(weights)], "pattern": "x", "tensors": [{"path": "a", "shape": [str(weights)]}], "weights": str(weights)}
    fields = {
        "client_id": "alice", "created": "2026-01-31T12:00:00Z", "fixed_point_bits": "16", "format": "zkapex.enrolment", "gamma": ["768"],
        "layout": layout, "model": {"architecture": "vit", "base_digest": ZEROS, "name": "digits"}, "nonce": ZEROS, "preset": "toy",
        "srs_digest": ZEROS, "srs_insecure": False, "tables_digest": ZEROS, "tensors": {}, "version": "1",
    }  # fmt: skip
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def test_a_header_that_claims_a_trillion_weights_is_not_cut_into_chunks(tmp_path: Path) -> None:
    """700 bytes; the cut that it would be held against has two thousand million sizes."""
    begun = time.monotonic()
    with pytest.raises(InputError, match="chunk sizes"):
        Enrolment.from_file(container(tmp_path / "bomb", enrolment_of(WEIGHTS)), verify=False)
    assert time.monotonic() - begun < 5


def test_a_key_that_occurs_twice_among_many_is_found_at_once(tmp_path: Path) -> None:
    """Counting every key over again took 88 s at 40,000 keys, and days at the most that fits."""
    keys = ",".join(f'"{number:07}":""' for number in range(60_000))
    begun = time.monotonic()
    with pytest.raises(InputError, match="twice"):
        Bundle.from_file(container(tmp_path / "twice", "{" + keys + ',"0059999":""}'), verify=False)
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(("length", "refused"), [(1 << 20, False), ((1 << 20) + 1, True), (2**63, True)])
def test_headers_are_limited_before_they_are_parsed(tmp_path: Path, length: int, refused: bool) -> None:
    """Small lists take a hundred times their text in memory."""
    settings = Settings(provider=tmp_path, limits=Limits(header=1 << 20))
    settings.uploads.mkdir()
    uploads.file_of(settings, "u").write_bytes(struct.pack("<Q", length) + b"{}")
    if refused:
        with pytest.raises(InputError, match="may hold"):
            uploads.check_header(settings, "u")
    else:
        uploads.check_header(settings, "u")
