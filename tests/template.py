"""The migrated database that every test process copies, kept from one run to the next.

Migrating an empty database takes longer than most tests. A cluster that holds a migrated database
is kept in the checkout's git-ignored folder, named by a hash of everything that shapes it: the
migrations, the locked requirements (Django's and the libraries' migrations, PostgreSQL itself),
what runs them and this file. A run starts on a copy of that cluster, and each test process on a
copy of its database.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config.local.folders import CHECKOUT, LocalServiceError, own_folder
from config.local.locks import locked
from config.local.postgres import Postgres

TEMPLATE = "tributary_template"
MAKE_TEMPLATE = f"""
import django
django.setup()
from django.db import connection
from config.local.migrating import migrate_quickly
with connection._nodb_cursor() as cursor:
    cursor.execute("CREATE DATABASE {TEMPLATE}")
connection.settings_dict["NAME"] = "{TEMPLATE}"
migrate_quickly()
"""
KEPT_CLUSTERS = 4  # so that switching between a few branches does not migrate each time
CLUSTERS = CHECKOUT.state / "test-clusters"
PROGRAMS = (
    "server-*"  # the copy of PostgreSQL that root's server runs from; see config.local.postgres
)


def start_from_template(postgres: Postgres, secrets: Path, environment: dict[str, str]) -> None:
    """Start `postgres`, whose home is new, with the template database in it.

    `secrets` is the run's file of secrets, which holds the cluster's password. Raises
    LocalServiceError when the migrations fail.
    """
    own_folder(CHECKOUT.state)
    with locked(CHECKOUT.state / "test-clusters.lock"):
        kept = CLUSTERS / _fingerprint()
        if kept.exists():
            os.utime(kept)
            copy_stopped(kept, postgres)
            postgres.ensure_running()
            return
        postgres.ensure_running()
        _migrate(environment)
        postgres.stop()
        _keep(postgres, secrets, kept)
    postgres.ensure_running()


def copy_stopped(home: Path, postgres: Postgres) -> None:
    """Give `postgres`, whose home is new, the data and programs of the stopped server in `home`."""
    _copy(home / "data", postgres.data)
    for programs in home.glob(PROGRAMS):
        _share(programs, postgres.home / programs.name)


def kept_secrets_file() -> Path | None:
    """The secrets of the kept cluster, which its copies share; None when there is none."""
    kept = CLUSTERS / _fingerprint() / "secrets.env"
    return kept if kept.exists() else None


def _fingerprint() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in ("requirements/development.txt", "config/local/migrating.py"):
        digest.update((CHECKOUT.root / name).read_bytes())
    for path in sorted(CHECKOUT.root.glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(CHECKOUT.root)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _migrate(environment: dict[str, str]) -> None:
    made = subprocess.run(
        [sys.executable, "-c", MAKE_TEMPLATE],
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=CHECKOUT.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise LocalServiceError(f"The test database cannot be migrated.\n{made.stderr}")


def _keep(postgres: Postgres, secrets: Path, kept: Path) -> None:
    own_folder(CLUSTERS)
    draft = kept.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    _copy(postgres.data, draft / "data")
    for programs in postgres.home.glob(PROGRAMS):
        _copy(programs, draft / programs.name)
    shutil.copy2(secrets, draft / "secrets.env")
    draft.rename(kept)
    by_age = sorted(CLUSTERS.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in by_age[KEPT_CLUSTERS:]:
        shutil.rmtree(old, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a stopped cluster with the owner of its files, which may be another account."""
    target.parent.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _share(source: Path, target: Path) -> None:
    """Have the same files in both folders, unless these are on different disks."""
    if source.stat().st_dev == target.parent.stat().st_dev:
        shutil.copytree(source, target, copy_function=os.link, symlinks=True)
