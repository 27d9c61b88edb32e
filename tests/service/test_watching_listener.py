"""Where the numbers are told: at an address of their own, to whoever reaches that, in the form that the caller asks for."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from service_world import Party, Site
from test_service_commands import free_port, run, wait_for, wait_until
from watching_world import Numbers, exposition

from zkapex_jax.cli.provider import serve
from zkapex_jax.cli.provider.addresses import metrics_at
from zkapex_jax.errors import InputError
from zkapex_jax.service.settings import Listen, Settings
from zkapex_jax.service.watching.listener import exposing


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched") / "provider"
    assert run("keygen", folder, "-q")[0] == 0
    return folder


@contextlib.contextmanager
def listening(site: Site) -> Iterator[str]:
    place = socket.create_server(("127.0.0.1", 0))
    with exposing(site.service, place):
        yield f"http://127.0.0.1:{place.getsockname()[1]}"


def test_both_forms_say_the_same(site: Site) -> None:
    site.http.get("/v1/health")
    with listening(site) as url:
        plain = httpx.get(f"{url}/metrics")
        modern = httpx.get(f"{url}/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"})
    assert plain.headers["content-type"].startswith("text/plain") and modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")
    families = {one.name for one in open_families(modern.text)}
    assert {"zkapex_calls", "zkapex_jobs", "zkapex_job_seconds", "zkapex_degraded", "process_start_time_seconds"} <= families
    told, numbers = Numbers.of(plain.text), Numbers.now(site)
    assert {name for name, _ in told} == {name for name, _ in numbers}
    assert "openmetrics" not in plain.text and "\n# HELP zkapex_jobs " in plain.text


def test_nothing_else_is_there(site: Site) -> None:
    with listening(site) as url:
        for path in ("/", "/v1/health", "/metrics/", "/metrics%2f", "//metrics", "/docs"):
            assert httpx.get(url + path).status_code == 404, path
        assert httpx.post(f"{url}/metrics", content=b"x" * 100_000).status_code == 405
        for accept in ("application/openmetrics-text; version=x", "\xff\xfe".encode("latin-1"), "a" * 8000):
            assert httpx.get(f"{url}/metrics?name[]=\xff&%ff=%00", headers={"Accept": accept}).status_code == 200


def test_clients_do_not_reach_it(site: Site, party: Party) -> None:
    assert site.http.get("/metrics").status_code == 404 and party.http.get("/metrics").status_code == 404
    assert party.http.get("/v1/metrics").status_code == 404


@pytest.mark.parametrize(
    ("text", "host", "port"), [("9100", "127.0.0.1", 9100), ("127.0.0.1:1", "127.0.0.1", 1), ("[::1]:9100", "::1", 9100), ("0.0.0.0:65535", "0.0.0.0", 65535), ("watch.lan:80", "watch.lan", 80)]
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert metrics_at(text) == {"host": host, "port": port}


@pytest.mark.parametrize("text", ["", "0", "65536", "host", "host:", ":9100", "::1:9100", "a b:9100", "127.0.0.1:9100/metrics", "9100\n", "http://a:9100", "٩:9"])
def test_addresses_that_are_none(text: str, provider: Path) -> None:
    with pytest.raises(InputError, match="such as"):
        metrics_at(text)
    code, _, err = run("serve", provider, f"--metrics={text}")
    assert code == 2 and "metrics" in err


@pytest.mark.parametrize(("host", "loud"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True), ("10.0.0.1", True)])
def test_numbers_that_others_reach_are_loud(provider: Path, host: str, loud: bool, capsys: pytest.CaptureFixture[str]) -> None:
    serve._say(Settings(provider=provider, metrics=Listen(host=host, port=9100)), "t" * 43, False)
    out, err = capsys.readouterr()
    assert ("/metrics is open to other machines" in err) == loud and ":9100/metrics" in out


def test_an_address_that_is_taken_is_said_before_anything_is_opened(provider: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run("serve", provider, "--port", free_port(), "--metrics", f"127.0.0.1:{port}")
    assert code != 0 and "cannot listen" in err


def test_a_server_tells_of_the_worker_that_was_killed(provider: Path, tmp_path: Path) -> None:
    """The command itself: numbers at an address of their own, one worker alive, killed, and another in its place."""
    port, numbers = free_port(), free_port()
    words = [sys.executable, "-m", "zkapex_jax", "serve", str(provider), "--port", str(port), "--cache", str(tmp_path), "--metrics", str(numbers), "--json"]
    url = f"http://127.0.0.1:{numbers}/metrics"

    def now() -> Numbers:
        return Numbers.of(httpx.get(url, trust_env=False).text)

    with (tmp_path / "log").open("wb") as log, subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, env=dict(os.environ)) as server:
        assert server.stdout is not None and f'"metrics": "{url}"' in server.stdout.readline().decode()
        wait_for(f"http://127.0.0.1:{port}/v1/health")
        wait_for(url)
        wait_until(lambda: now().get_one("workers") == 1)
        assert now().get_one("workers_restarted_total") == 0 and now().get_one("workers_wanted") == 1
        (child,) = [one for one in psutil.Process(server.pid).children() if "zkapex_jax.service.worker" in one.cmdline()]
        child.kill()
        wait_until(lambda: now().get_one("workers_restarted_total") == 1)
        assert now().get_one("workers") == 1
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(url, trust_env=False)


def test_a_new_service_tells_every_number_that_has_no_label(site: Site) -> None:
    """From the start: an alert over a number that is absent says nothing."""
    text = exposition(site.service)
    for name in ("jobs_set_aside", "oldest_waiting_seconds", "workers", "disk_free_bytes", "degraded", "jobs_ended_total", "job_faults_total", "database_up"):
        assert re.search(rf"^zkapex_{name}[ {{]", text, re.MULTILINE), name
