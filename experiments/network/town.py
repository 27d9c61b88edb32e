"""The provider's side: its folder made by the commands, its service behind a proxy that ends TLS, as docs/service.md says."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from experiments.network.authority import make_certificates
from experiments.network.commands import ZKAPEX, Ran, Shell
from experiments.network.hosts import Host

TARGET = "**/intermediate/dense/kernel"
PORT, INNER = 8443, 8740
_LIMITS = '{"limits": {"spare_disk": 0, "jobs": "1000/hour"}, "queue": {"lease": 10, "poll": 0.2}}'
_PROXY = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen {port} ssl; listen [::]:{port} ssl;
    ssl_certificate {folder}/service.pem; ssl_certificate_key {folder}/service.key;
    {limits}
    location / {{
      proxy_pass http://127.0.0.1:{inner};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_http_version 1.1;
    }}
  }}
}}
"""


@dataclass
class Town:
    """A provider on its host. `source`: what `zkapex demo` left, for models and data; `cache`: tables and reference strings."""

    host: Host
    folder: Path
    source: Path
    cache: Path
    preset: str = "ceremony-4096"
    _serving: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    @property
    def provider(self) -> Path:
        return self.folder / "provider"

    @property
    def key(self) -> Path:
        return self.provider / "provider.key.pub"

    @property
    def shell(self) -> Shell:
        return Shell(self.host, self.folder)

    def url(self, *, ipv6: bool = False) -> str:
        return f"https://[{self.host.ipv6}]:{PORT}" if ipv6 else f"https://{self.host.ipv4}:{PORT}"

    def found(self) -> None:
        """Keys, base model, certificates, the proxy's file."""
        _done(self.shell.zkapex("keygen", self.provider, "-q"))
        insecure = ["--insecure-srs"] if self.preset == "toy" else []
        _done(self.shell.zkapex("base", "--base", self.source / "provider/model", "--target", TARGET, "--provider", self.provider, "--preset", self.preset,
                                "--cache", self.cache, "--out", self.folder / "base.safetensors", "-q", *insecure))  # fmt: skip
        make_certificates(self.folder, [self.host.ipv4, self.host.ipv6])
        (self.folder / "limits.json").write_text(_LIMITS)
        self.write_proxy("client_max_body_size 8m;")

    def write_proxy(self, limits: str) -> None:
        (self.folder / "nginx.conf").write_text(_PROXY.format(folder=self.folder, port=PORT, inner=INNER, limits=limits))

    def invite(self, name: str) -> str:
        return _done(self.shell.zkapex("invite", self.provider, "--client", name)).out.split()[-1]

    def request(self, number: int) -> Path:
        """Publish a request; the clients that are admitted by now must answer it."""
        out, data = self.folder / f"request-{number}.safetensors", self.source / "provider/data"
        _done(self.shell.zkapex("request", "--base", self.source / "provider/model", "--target", TARGET, "--forget-data", data / "forget.safetensors",
                                "--retain-data", data / "retain.safetensors", "--forget", "digits 3 and 8", "--provider", self.provider, "--cache", self.cache,
                                "--out", out, "-q"))  # fmt: skip
        return out

    def serve(self) -> None:
        """Start the service and its proxy, and wait until they answer."""
        self.start_service()
        self._serving.append(self.host.start(["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"], self.folder / "nginx.out"))
        self._wait(self.url(), ["--cacert", str(self.folder / "authority.pem")])

    def start_service(self) -> None:
        words = [*ZKAPEX, "serve", self.provider, "--port", INNER, "--limits", self.folder / "limits.json", "--cache", self.cache, "--proxy", "127.0.0.1",
                 "--authority", f"{self.host.ipv4}:{PORT}", "--authority", f"[{self.host.ipv6}]:{PORT}"]  # fmt: skip
        self._serving.insert(0, self.host.start([*words, *(["--allow-insecure"] if self.preset == "toy" else [])], self.folder / "serve.log"))

    def kill_service(self) -> None:
        """The server alone, without warning."""
        server = self._serving.pop(0)
        server.kill()
        server.wait()

    def stop(self) -> None:
        for process in self._serving:
            process.terminate()
        for process in self._serving:
            process.wait(60)
        self._serving.clear()

    def _wait(self, url: str, options: list[str]) -> None:
        for _ in range(1200):
            asked = subprocess.run(self.host.words(["curl", "-sf", "-m", "5", *options, f"{url}/v1/health"]), capture_output=True, check=False)
            if asked.returncode == 0:
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "serve.log").read_text()[-2000:])


def copied_model(source: Path, folder: Path) -> tuple[Path, Path]:
    """A client's personalised model and data, in a folder of its own."""
    shutil.copytree(source / "client/model", folder / "model", dirs_exist_ok=True)
    return folder / "model", Path(shutil.copy(source / "client/data/mine.safetensors", folder / "mine.safetensors"))


def _done(ran: Ran) -> Ran:
    if ran.status != 0:
        raise ValueError(f"{' '.join(ran.words)}: exit {ran.status}: {ran.err[-1500:]}")
    return ran
