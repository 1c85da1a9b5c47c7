"""PostgreSQL and Valkey over TLS, by nothing but DATABASE_URL and REDIS_URL.

The packaged servers were built without TLS, so a proxy ends it before the real ones.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from config.local.folders import SOCKET_NAME
from tests.architecture.source import ROOT
from tests.architecture.tls import HOST, TlsProxy, make_certificate

# What each part of the product does with its server: query, cache, send a task.
SCRIPT = """
import django
django.setup()
from django.core.cache import cache
from django.db import connection
from config.celery import app

with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
cache._cache.get_client().set("tls", 1, ex=1)
with app.connection_for_write() as broker:
    broker.ensure_connection(max_retries=1)
    broker.default_channel.client.ping()
print("all three answered")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def proxies(folder: Path) -> Iterator[tuple[TlsProxy, TlsProxy]]:
    """Before the PostgreSQL and the Valkey of this test run."""
    settings = connection.settings_dict
    valkey = urlsplit(os.environ["REDIS_URL"])

    def to_postgres() -> socket.socket:
        to = socket.socket(socket.AF_UNIX)
        to.connect(f"{settings['HOST']}/{SOCKET_NAME}")
        return to

    def to_valkey() -> socket.socket:
        return socket.create_connection((valkey.hostname, valkey.port))

    certificate, key = make_certificate(folder, "server")
    postgres = TlsProxy(certificate, key, to_postgres, asks_first=True)
    broker = TlsProxy(certificate, key, to_valkey)
    yield postgres, broker
    postgres.stop()
    broker.stop()


def connect_with(
    trusted: Path, proxies: tuple[TlsProxy, TlsProxy]
) -> subprocess.CompletedProcess[str]:
    settings, valkey = connection.settings_dict, urlsplit(os.environ["REDIS_URL"])
    postgres, broker = proxies
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"postgres://{settings['USER']}:{settings['PASSWORD']}@{HOST}:"
            f"{postgres.port}/postgres?sslmode=verify-full&sslrootcert={trusted}",
            "REDIS_URL": f"rediss://:{valkey.password}@{HOST}:{broker.port}{valkey.path}"
            f"?ssl_cert_reqs=required&ssl_ca_certs={trusted}",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_database_cache_and_broker_are_reached_over_tls(
    folder: Path, proxies: tuple[TlsProxy, TlsProxy]
) -> None:
    done = connect_with(folder / "server.pem", proxies)

    assert (done.returncode, done.stdout) == (0, "all three answered\n"), done.stderr
    assert proxies[0].accepted >= 1
    assert proxies[1].accepted >= 2  # cache and broker


def test_a_server_with_a_strange_certificate_is_refused(
    folder: Path, proxies: tuple[TlsProxy, TlsProxy]
) -> None:
    stranger, _ = make_certificate(folder, "stranger")

    done = connect_with(stranger, proxies)

    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr
    assert [proxy.accepted for proxy in proxies] == [0, 0]
