"""The proxy of docs/service.md before the service, run for real: TLS by an authority of the provider's own, large bodies, who called."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from service_world import GENEROUS, Site, listening, open_site
from sqlalchemy import select

from experiments.network.authority import make_certificates
from zkapex_jax.client.certificates import context_of, read_authority
from zkapex_jax.client.retrying import Patience
from zkapex_jax.client.service import Service as Caller
from zkapex_jax.client.uploads import upload
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import SigningKey, generate_key
from zkapex_jax.service import clients
from zkapex_jax.service.app import app_of
from zkapex_jax.service.context import Service
from zkapex_jax.service.tables import Upload

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
DOCS = Path(__file__).parents[2] / "docs" / "service.md"
_WHOLE = """
{user}daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {server}
}}
"""


@dataclass
class Proxied:
    """A service behind nginx. `authority`: the file for clients."""

    site: Site
    service: Service
    url: str
    authority: Path
    folder: Path

    def caller(self, key: SigningKey, *, authority: Path | None = None, url: str | None = None) -> Caller:
        tls = context_of(read_authority(authority or self.authority), self.authority)
        return Caller(url or self.url, key, patience=Patience(attempts=3, sleep=lambda seconds: None), authority=tls)

    def key(self, name: str) -> SigningKey:
        return generate_key(self.folder / f"{name}.{time.time_ns()}.key")

    def invite(self, name: str) -> str:
        return clients.invite(self.service.store, [name], lifetime=3600)[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def server_block(folder: Path, port: int, inner: int) -> str:
    """The block of the docs, at a port and with a certificate that a test may have."""
    block = re.search(r"```nginx\n(.*?)```", DOCS.read_text(), re.S)[1]
    changes = {"listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;", "    listen [::]:443 ssl;\n": "", "unlearn.example.org": "localhost", "http://127.0.0.1:8740": f"http://127.0.0.1:{inner}",
               "/etc/ssl/unlearn.pem": f"{folder}/service.pem", "/etc/ssl/unlearn.key": f"{folder}/service.key"}  # fmt: skip
    for old, new in changes.items():
        assert old in block, old
        block = block.replace(old, new)
    return block


@pytest.fixture(scope="module", params=["client_max_body_size 8m;", ""], ids=["as in the docs", "nginx's own limit"])
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Proxied]:
    folder, port = tmp_path_factory.mktemp("proxied"), free_port()
    authority = make_certificates(folder, ["127.0.0.1"])[0]
    with open_site(folder / "site", cache, limits=GENEROUS) as site:
        settings = site.settings.model_copy(update={"authorities": (f"127.0.0.1:{port}",), "proxies": ("127.0.0.1",)})
        service = Service.open(settings)
        with listening(app_of(service)) as inner:
            block = server_block(folder, port, int(inner.rpartition(":")[2])).replace("client_max_body_size 8m;", request.param)
            (folder / "nginx.conf").write_text(_WHOLE.format(folder=folder, server=block, user="user root;\n" if os.geteuid() == 0 else ""))
            server = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
            try:
                _wait(port)
                yield Proxied(site, service, f"https://127.0.0.1:{port}", authority, folder)
            finally:
                server.terminate()
                server.wait(30)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx does not start")


def test_a_client_joins_and_sends_through_it(proxied: Proxied) -> None:
    """A file larger than one body may be, in pieces that pass."""
    key, path = proxied.key("alice"), proxied.folder / "large"
    path.write_bytes(bytes(range(256)) * 20_000)
    with proxied.caller(key) as caller:
        assert caller.join("alice", proxied.invite("alice"), key.public).client_id == "alice"
        made = upload(caller, "bundle", path)
    with proxied.service.store.read() as session:
        row = session.scalars(select(Upload).where(Upload.id == made)).one()
    assert row.whole and row.size == path.stat().st_size


def test_strangers_to_the_authority_are_refused_at_once(proxied: Proxied, tmp_path: Path) -> None:
    other = make_certificates(tmp_path, ["127.0.0.1"])[0]
    with proxied.caller(proxied.key("bob"), authority=other) as caller, pytest.raises(RefusedError, match="certificate is not trusted.*--ca-file") as caught:
        caller.me()
    assert caught.value.code == "tls"
    with Caller(proxied.url, proxied.key("bob")) as caller, pytest.raises(RefusedError, match="not trusted"):
        caller.me()


def test_another_name_than_the_certificate_s(proxied: Proxied) -> None:
    url = proxied.url.replace("127.0.0.1", "localhost")
    with proxied.caller(proxied.key("carol"), url=url) as caller, pytest.raises(RefusedError, match="must name the host as the certificate does"):
        caller.me()


def test_a_port_without_tls(proxied: Proxied) -> None:
    url = proxied.site.url.replace("http://", "https://")
    with proxied.caller(proxied.key("dave"), url=url) as caller, pytest.raises(RefusedError, match="speaks no TLS") as caught:
        caller.me()
    assert caught.value.code == "tls"


def test_plain_http_at_the_port_of_tls(proxied: Proxied) -> None:
    """The proxy answers in words of its own, which are told as what they are."""
    with Caller(proxied.url.replace("https://", "http://"), proxied.key("eve")) as caller, pytest.raises(InputError) as caught:
        caller.me()
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize("text", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff" * 100])
def test_files_that_hold_no_authority(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(text)
    with pytest.raises(InputError) as caught:
        read_authority(tmp_path / "ca.pem")
    assert caught.value.code == "bad_certificate"


def test_a_certificate_that_may_not_sign_is_no_authority(tmp_path: Path) -> None:
    made = make_certificates(tmp_path, ["127.0.0.1"])
    read_authority(made[0])
    with pytest.raises(InputError, match="may sign others"):
        read_authority(made[1])
