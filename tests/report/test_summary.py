from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.report.parts import Use
from zkapex_jax.report.summary import Summary, load, parse, to_json


def test_round_trip_is_exact(summary_dict) -> None:
    summary = Summary.model_validate(summary_dict())
    assert parse(to_json(summary)) == summary


@given(st.integers(min_value=0, max_value=1 << 250), st.integers(min_value=1, max_value=1 << 250))
def test_integers_of_the_statement_keep_every_digit(total: int, limit: int) -> None:
    use = Use(limit=limit, sum=total)
    assert Use.model_validate_json(use.model_dump_json()) == use
    assert json.loads(use.model_dump_json()) == {"limit": str(limit), "sum": str(total)}


def test_headline_keys_are_plain_json(summary_dict) -> None:
    data = json.loads(to_json(Summary.model_validate(summary_dict())))
    assert data["verified"] is True
    assert isinstance(data["accuracy"]["renewed"]["personal"], float)
    assert all(cheat["refused"] is True for cheat in data["cheats"].values())
    assert {"weights", "chunks", "prove_us_per_weight", "verify_us_per_weight", "bundle_bytes", "enrol_us_per_weight"} <= data.keys()


BAD = [
    ("accuracy.base", "field", lambda d: d["accuracy"].pop("base")),
    ("accuracy share", "range", lambda d: d["accuracy"]["base"].update(forget=1.5)),
    ("unknown field", "extra", lambda d: d.update(surprise=1)),
    ("missing field", "required", lambda d: d.pop("weights")),
    ("negative", "range", lambda d: d.update(bundle_bytes=-1)),
    ("digest", "pattern", lambda d: d["digests"].update(tables="XY")),
    ("chunks", "count", lambda d: d.update(chunks=7)),
    ("certificates", "count", lambda d: d["requests"][0]["certificate"].pop()),
    ("requests", "none", lambda d: d.update(requests=[])),
    ("forgotten classes", "set", lambda d: d["forget_classes"].pop("forget_second")),
    ("stage of a link", "literal", lambda d: d["chain"][0].update(stage="elsewhere")),
    ("verdict", "contradiction", lambda d: d.update(failures=["something"])),
    ("version", "literal", lambda d: d.update(version="1")),
    ("integer", "not an integer", lambda d: d["requests"][0]["certificate"][0].update(gamma="12.5")),
]


@pytest.mark.parametrize(("name", "kind", "damage"), BAD, ids=[f"{name}: {kind}" for name, kind, _ in BAD])
def test_bad_documents_are_one_sentence(name: str, kind: str, damage, summary_dict) -> None:
    data = summary_dict()
    damage(data)
    with pytest.raises(InputError) as caught:
        parse(json.dumps(data).encode(), "summary.json")
    assert str(caught.value).startswith("summary.json: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"a": NaN}'])
def test_not_a_document(data: bytes) -> None:
    with pytest.raises(InputError):
        parse(data)


def test_load_names_the_file(tmp_path) -> None:
    with pytest.raises(StorageError, match="absent"):
        load(tmp_path / "absent.json")


def test_recovered_share(summary_dict) -> None:
    summary = Summary.model_validate(summary_dict())
    assert summary.recovered() == pytest.approx((0.957 - 0.908) / (0.963 - 0.908))
    data = summary_dict()
    data["accuracy"]["masked"]["personal"] = 0.99
    assert Summary.model_validate(data).recovered() is None


def test_costs_follow_the_chain(summary_dict) -> None:
    assert list(Summary.model_validate(summary_dict()).costs()) == ["enrolment", "request 1", "request 2", "re-enrolment"]
