"""Ports on 127.0.0.1 that a checkout reuses in each run, so that links stay valid."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from config.local.folders import SHARED_PLACE, LocalServiceError
from config.local.locks import HeldLock

HOST = "127.0.0.1"
# The name in printed addresses: a passkey belongs to a domain, and not to a number.
SITE_HOST = "localhost"
# Where each kind starts looking.
FIRST = {"web": 8000, "valkey": 21000, "clicks": 21500, "inbox": 22500}
TRIES = 500


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def next_free(first: int) -> int:
    """Return the lowest free port from `first` on."""
    for port in range(first, first + TRIES):
        if is_free(port):
            return port
    raise LocalServiceError(f"No free port between {first} and {first + TRIES}.")


def kept_port(path: Path, kind: str) -> int:
    """Return the port of `kind` in this checkout; choose one if there is none."""
    return _read(path).get(kind) or settle_port(path, kind)


def settle_port(path: Path, kind: str) -> int:
    """Return a free port for `kind`: the one it had before, if possible."""
    kept = _read(path)
    port = kept.get(kind)
    if port is None or not is_free(port):
        port = next_free(FIRST[kind])
    keep_port(path, kind, port)
    return port


def reserve_port(path: Path, kind: str, *, only: int | None = None) -> int:
    """Reserve a port for `kind`, or `only` that one, against our other checkouts.

    The reservation lasts as long as this process.
    """
    wanted = [only] if only else [kept_port(path, kind), *range(FIRST[kind], FIRST[kind] + TRIES)]
    for port in wanted:
        if reserve(port):
            keep_port(path, kind, port)
            return port
    raise LocalServiceError(f"No free port for the {kind}: tried {wanted[0]} to {wanted[-1]}.")


def reserve(port: int) -> bool:
    """Reserve `port` for as long as this process lives; False if it is taken or reserved.

    A free port is not enough: the web server sets SO_REUSEPORT, so two processes that choose at the
    same time could share one port.
    """
    lock = HeldLock(SHARED_PLACE / f"tributary-{os.geteuid()}-port-{port}.lock")
    return is_free(port) and lock.take()


def keep_port(path: Path, kind: str, port: int) -> None:
    """Remember `port` for `kind`."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({**_read(path), kind: port}), encoding="utf-8")
    draft.replace(path)


def _read(path: Path) -> dict[str, int]:
    try:
        kept: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept
