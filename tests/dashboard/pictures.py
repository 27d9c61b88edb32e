"""Screenshots of the dashboard for the documents, of a synthetic fleet: docs/img/dashboard-*.png.

    python tests/dashboard/pictures.py [FOLDER]
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import uvicorn  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from dashboard_scene import STUMBLES, TOKEN, build, vit_like  # noqa: E402

from zkapex_jax.service.dashboard import dashboard_router  # noqa: E402

CLIENTS = 600
#: name: (address, width, height, colours, scale, open the details)
PICTURES = {
    "dashboard-fleet": ("/?request=forget-2026-11", 1200, 820, "light", 1.0),
    "dashboard-client": (f"/?request=forget-2026-11&client={STUMBLES}", 1400, 1000, "dark", 1.0),
    "dashboard-phone": ("/?request=forget-2026-10&status=late", 390, 844, "light", 1.25),
}


def shoot(browser: Browser, address: str, name: str, folder: Path) -> Path:
    path, width, height, scheme, scale = PICTURES[name]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=scale)
    context.request.post(f"{address}/login", form={"token": TOKEN, "next": "/"})
    page = context.new_page()
    page.goto(address + path)
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    drawn.save(folder / f"{name}.png", optimize=True)
    context.close()
    return folder / f"{name}.png"


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs" / "img")
    with tempfile.TemporaryDirectory(prefix="zkapex-pictures-") as passing, socket.socket() as held:
        scene = build(Path(passing) / "provider", CLIENTS, layout=vit_like(48))
        app = FastAPI()
        app.include_router(dashboard_router(scene.settings, scene.ledger))
        held.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"] if os.geteuid() == 0 else []
            )
            for name in PICTURES:
                made = shoot(browser, f"http://127.0.0.1:{held.getsockname()[1]}", name, folder)
                print(f"{made.name}: {made.stat().st_size / 1000:.0f} kB")
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    main()
