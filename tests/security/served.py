"""A real granian in front of an application, and requests to it as they are on the wire."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.local.folders import CHECKOUT, own_folder
from config.local.locks import locked
from tests.own_processes import MAX_WAIT_SECONDS, ROOT, until
from tests.ports import lent_port

HOST = "127.0.0.1"  # where the servers listen
PROXY = "127.0.0.2"  # the address of the one proxy that they trust
STRANGER = "127.0.0.3"
NAME = "tributary.example"
PRODUCTION = {
    "TRIBUTARY_MODE": "production",
    "ALLOWED_HOSTS": NAME,
    "BASE_URL": f"https://{NAME}",
    "DEFAULT_FROM_EMAIL": "tracking@tributary.example",
    "TRUSTED_PROXIES": PROXY,
    "WEB_CONCURRENT_REQUESTS": "2",
}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def shown(self) -> dict[str, str]:
        """What tests.security.echo was shown."""
        return dict(json.loads(self.body))


@contextmanager
def granian(target: str, *, log: Path | None = None, **environment: str) -> Iterator[int]:
    """Serve `target` in production mode; yields the port. The server ends with the block."""
    out = log.open("wb") if log else subprocess.DEVNULL
    with lent_port() as port:
        command = [
            sys.executable, "-W", "ignore", "-m", "granian", "--interface", "asgi", "--no-ws",
            "--host", HOST, "--port", str(port), "--log-level", "warning", target,
        ]  # fmt: skip
        process = subprocess.Popen(
            command,
            env={**os.environ, **PRODUCTION, **environment},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            until(lambda: answers(port), "the server does not come up")
            yield port
        finally:
            process.terminate()
            process.wait(timeout=MAX_WAIT_SECONDS)


@cache
def collect_static_files() -> None:
    """Gather what pages in production mode name by its digest. One process does so at a time."""
    python = [sys.executable, "-W", "ignore", "-m"]
    command = [*python, "django", "collectstatic", "--no-input", "--ignore", "swagger*"]
    settings = "tests.security.plain_static"
    environment = {**os.environ, **PRODUCTION, "DJANGO_SETTINGS_MODULE": settings}
    with locked(own_folder(CHECKOUT.state) / "test-static-files.lock"):
        subprocess.run([*command, "--verbosity", "0"], env=environment, cwd=ROOT, check=True)


def ask(
    port: int,
    path: str = "/",
    headers: Sequence[str] = (),
    *,
    peer: str = STRANGER,
    host: str = NAME,
    method: str = "GET",
    body: bytes = b"",
) -> Answer:
    """Send these header lines as they stand, from the address `peer`."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(
        (HOST, port), timeout=MAX_WAIT_SECONDS, source_address=(peer, 0)
    ) as stream:
        stream.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        received = b"".join(iter(lambda: stream.recv(65_536), b""))
    head, _, content = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in rest]
    return Answer(
        int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}, content
    )


def answers(port: int) -> bool:
    """Whether somebody answers there, whatever they say."""
    try:
        ask(port, "/healthz")
    except OSError:
        return False
    return True
