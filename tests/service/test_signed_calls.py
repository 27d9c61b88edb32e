"""Signed calls: what a signature covers cannot be changed, and serves once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_world import Site

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.protocol import SigningKey, generate_key
from zkapex_jax.protocol.http_signing import SKEW, WINDOW, check_call, content_digest, sign_call

URL = "http://provider.example:8740/v1/uploads/1?part=2"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return generate_key(tmp_path_factory.mktemp("key") / "client.key")


def code(method: str, url: str, headers: dict[str, str]) -> str:
    with pytest.raises(ZkapexError) as caught:
        check_call(method, url, headers)
    return caught.value.code


@given(method=st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE"]), path=st.from_regex(r"/v1/[a-z0-9]{0,20}", fullmatch=True), body=st.binary(max_size=99))
def test_an_honest_call_is_its_signers(key: SigningKey, method: str, path: str, body: bytes) -> None:
    url = f"http://provider.example{path}?q=1"
    caller = check_call(method, url, sign_call(key, method, url, {"Upload-Offset": "7"}, body))
    assert caller.public == key.public
    assert (caller.body_digest is None) == (method in ("GET", "HEAD", "DELETE"))


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", URL),
        ("PATCH", URL.replace("8740", "8741")),
        ("PATCH", URL.replace("provider.", "other.")),
        ("PATCH", URL.replace("uploads/1", "uploads/2")),
        ("PATCH", URL.replace("part=2", "part=3")),
        ("PATCH", URL.partition("?")[0]),
    ],
)
def test_a_call_cannot_be_turned_into_another(key: SigningKey, method: str, url: str) -> None:
    assert code(method, url, sign_call(key, "PATCH", URL, {"Upload-Offset": "7"}, b"piece")) == "bad_call_signature"


@pytest.mark.parametrize(
    ("name", "value"),
    [("upload-offset", "8"), ("content-digest", content_digest(b"other")), ("signature-input", None), ("signature", "zkapex=:AAAA:")],
)
def test_covered_headers_cannot_be_changed(key: SigningKey, name: str, value: str | None) -> None:
    headers = sign_call(key, "PATCH", URL, {"Upload-Offset": "7"}, b"piece")
    headers[name] = value or headers[name].replace("created=1", "created=2")
    assert code("PATCH", URL, headers) in ("bad_call_signature", "stale_call")


@pytest.mark.parametrize("left_out", ["@method", "@authority", "@path", "@query", "content-digest", "upload-offset"])
def test_everything_must_be_covered(key: SigningKey, left_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that is right, over less than all."""
    from zkapex_jax.protocol import http_signing

    real = http_signing._covered
    monkeypatch.setattr(http_signing, "_covered", lambda message: tuple(name for name in real(message) if name != left_out))
    headers = sign_call(key, "PATCH", URL, {"Upload-Offset": "7"}, b"piece")
    monkeypatch.undo()
    assert code("PATCH", URL, headers) == "bad_call_signature"


@pytest.mark.parametrize(("age", "good"), [(WINDOW - 5, True), (WINDOW + SKEW + 5, False), (-SKEW + 5, True), (-SKEW - 5, False)])
def test_a_signature_is_good_for_a_while(key: SigningKey, age: int, good: bool) -> None:
    headers = sign_call(key, "GET", URL, created=int(time.time()) - age)
    if good:
        assert check_call("GET", URL, headers).expires > time.time()
    else:
        assert code("GET", URL, headers) == "stale_call"


def test_nonces_are_kept_longer_than_signatures_are_good(key: SigningKey) -> None:
    created = int(time.time())
    assert check_call("GET", URL, sign_call(key, "GET", URL, created=created)).expires >= created + WINDOW + SKEW


@pytest.mark.parametrize("nonce", ["0" * 31, "G" * 32, "0" * 33])
def test_nonces_have_one_form(key: SigningKey, nonce: str) -> None:
    assert code("GET", URL, sign_call(key, "GET", URL, nonce=nonce)) == "bad_call"


@given(junk=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_junk_is_refused_with_an_error_of_ours(key: SigningKey, junk: str) -> None:
    headers = sign_call(key, "GET", URL)
    for name in ("signature", "signature-input"):
        with pytest.raises((InputError, RefusedError)):
            check_call("GET", URL, headers | {name: junk})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature-input", "zkapex=(" + " ".join(f'"x{number}"' for number in range(1500)) + ");created=1"),
        ("signature-input", 'zkapex=("' + "\\\\" * 4000 + '")'),
        ("signature", ", ".join(f"z{number}=:AAAA:" for number in range(500))),
    ],
)
def test_long_signatures_are_not_parsed(key: SigningKey, name: str, value: str) -> None:
    """A stranger's: 25 ms of the whole server each, before anybody is known."""
    assert code("GET", URL, sign_call(key, "GET", URL) | {name: value}) == "bad_call"


def test_one_label_is_looked_at(key: SigningKey) -> None:
    headers = sign_call(key, "GET", URL)
    renamed = {name: headers[name].replace("zkapex=", "other=", 1) for name in ("signature", "signature-input")}
    assert code("GET", URL, headers | renamed) == "bad_call_signature"
    both = {name: f"{headers[name]}, {renamed[name]}" for name in renamed}
    assert check_call("GET", URL, headers | both).public == key.public


def test_small_keys_sign_nothing(key: SigningKey) -> None:
    headers = sign_call(key, "GET", URL)
    headers["signature-input"] = headers["signature-input"].replace(key.public, "01" + "00" * 31)
    assert code("GET", URL, headers) == "bad_call_signature"


def test_a_call_serves_once(site: Site) -> None:
    party = site.join("once")
    headers = sign_call(party.key, "GET", f"{site.url}/v1/me")
    first, again = (site.http.get("/v1/me", headers=headers) for _ in range(2))
    assert first.status_code == 200
    assert (again.status_code, again.json()["error"]["code"]) == (401, "replayed_call")


def test_a_strangers_signature_opens_nothing(site: Site, tmp_path: Path) -> None:
    answer = site.session(generate_key(tmp_path / "key")).get("/v1/me")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown_key")


def test_a_call_for_another_provider_is_not_taken(site: Site) -> None:
    party = site.join("lured")
    headers = sign_call(party.key, "GET", "http://other.example/v1/me") | {"host": "other.example"}
    assert site.http.get("/v1/me", headers=headers).json()["error"]["code"] == "wrong_authority"


@pytest.mark.parametrize("path", ["/v1/me", "/v1/base", "/v1/requests", "/v1/state", "/v1/receipts", "/v1/jobs/" + "0" * 32, "/v1/nothing"])
def test_everything_else_wants_a_signature(site: Site, path: str) -> None:
    answer = site.http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unsigned_call")
