"""`make drill`: of a database made for it, or of the one that DATABASE_URL names."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.local.drill.copying import second_server
from config.local.drill.drilling import Report, drill
from config.local.folders import CHECKOUT, SHARED_PLACE, LocalServiceError, own_folder
from config.local.keys import fresh_secrets
from config.local.services import SETTINGS as SECRETS
from config.local.throwaway import ADDRESSES

ORDERS = 5_000
# What a person who sets DATABASE_URL must give too: reconcile opens nothing that is sealed, so the
# secrets of the original are not needed.
NOT_OURS = ("BASE_URL", "REDIS_URL", "EMAIL_URL")


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for a server and a dump, gone at the end; the server's account may enter it."""
    home = Path(tempfile.mkdtemp(
        prefix="tributary-drill-", dir=SHARED_PLACE if os.geteuid() == 0 else None
    ))  # fmt: skip
    try:
        yield own_folder(home, mode=0o711)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def environment() -> dict[str, str]:
    """Local mode with nobody at the addresses: what runs needs the database alone."""
    secrets = {name: value for name, value in fresh_secrets().items() if name in SECRETS}
    addresses = {name: ADDRESSES[name] for name in NOT_OURS}
    return {**os.environ, **secrets, **addresses, "TRIBUTARY_MODE": "local"}


def of_its_own(home: Path, *, orders: int) -> Report:
    """Drill on a new server with the demo brands and orders that keep coming."""
    with second_server(own_folder(home / "original", mode=0o711)) as server:
        print("Making a database with the demo brands ...", flush=True)
        prepared = subprocess.run(
            [sys.executable, "-m", "config.local.prepare"],
            cwd=CHECKOUT.root,
            env={**environment(), "DATABASE_URL": server.url},
            check=False,
        )
        if prepared.returncode != 0:
            raise LocalServiceError("The database could not be prepared; see the lines above.")
        print(f"Recording {orders:,} orders, and more during the dump ...", flush=True)
        return drill(
            server.url,
            home=own_folder(home / "copy", mode=0o711),
            programs=server.programs,
            environment=environment(),
            orders=orders,
        )


def of_given(home: Path, given: Mapping[str, str]) -> Report:
    """Drill on the database that DATABASE_URL names; nothing is written in it."""
    with second_server(own_folder(home / "programs", mode=0o711)) as server:
        programs = server.programs
        return drill(
            given["DATABASE_URL"],
            home=own_folder(home / "copy", mode=0o711),
            programs=programs,
            environment=environment(),
        )


def main() -> int:
    """Drill and print the report. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="config.local.drill", description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS, help="recorded before the dump")
    options = parser.parse_args()
    try:
        with work_folder() as home:
            if "DATABASE_URL" in os.environ:
                print("Dumping the database that DATABASE_URL names ...", flush=True)
                report = of_given(home, os.environ)
            else:
                report = of_its_own(home, orders=options.orders)
    except LocalServiceError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the copy is gone.", file=sys.stderr)
        return 130
    print("\n".join(report.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
