"""Serve the product as in production, on this machine: DEBUG off, assets compressed and hashed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from config.local.ports import HOST, reserve

AS_PROXIED = {"X-Forwarded-Proto": "https"}  # what production's proxy says of a request
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIRST_PORT = 8790


@contextmanager
def served(*, workers: int = 1, **settings: str) -> Iterator[int]:
    """Serve the run's database; yields the port. The server ends with the block."""
    port = next(port for port in range(FIRST_PORT, FIRST_PORT + 100) if reserve(port))
    environment = {
        **os.environ,
        "TRIBUTARY_MODE": "production",
        "ALLOWED_HOSTS": HOST,
        "BASE_URL": f"http://{HOST}:{port}",
        "DEFAULT_FROM_EMAIL": "tracking@tributary.example",
        "WEB_WORKERS": str(workers),
        "TRUSTED_PROXIES": HOST,  # the benchmark sends X-Forwarded-Proto like a proxy
        **settings,
    }
    python = [sys.executable, "-W", "ignore", "-m"]
    collect = [*python, "django", "collectstatic", "--no-input", "-v", "0", "-i", "swagger*"]
    subprocess.run(collect, env=environment, check=True)
    server = [*python, "config.web", "--host", HOST, "--port", str(port)]
    process = subprocess.Popen(server, env=environment)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(port: int) -> None:
    """Wait until it answers. Fails after a minute."""
    until = time.monotonic() + 60
    while True:
        try:
            fetch(port, "/healthz")
        except OSError:
            assert time.monotonic() < until, "the server did not come up"
            time.sleep(0.2)
        else:
            return


def fetch(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    """Status and body of one answer, packed if the server packs it."""
    connection = HTTPConnection(HOST, port, timeout=60)
    connection.request("GET", path, headers={**AS_PROXIED, "Accept-Encoding": "gzip", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def browser() -> str | None:
    """The Chromium of this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
