"""The drill itself, step by step, with the time that each step took."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from config.local.drill import catalogue, copying
from config.local.drill.connecting import Connection, connect
from config.local.drill.refusals import try_what_is_refused
from config.local.drill.writing import orders_coming_in, orders_so_far, wait_for_an_order
from config.local.folders import CHECKOUT, LocalServiceError

Inspection = Callable[[str], None]


class DrillError(LocalServiceError):
    """The copy is not what the original was. One line for each difference."""


@dataclass
class Report:
    """What was found. `seconds` is by step, in order."""

    seconds: dict[str, float] = field(default_factory=dict)
    tables: int = 0
    rows: int = 0
    dump_bytes: int = 0
    orders_meanwhile: int = 0
    parts: dict[str, int] = field(default_factory=dict)  # how many constraints, indexes, …
    append_only: int = 0  # attempts that the copy refused
    tenancy: int = 0

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long the block took."""
        started = time.monotonic()
        yield
        self.seconds[step] = time.monotonic() - started

    def lines(self) -> list[str]:
        """The report as it is printed."""
        refused = f"{self.append_only:,} changes of append-only rows, {self.tenancy:,} moves"
        parts = ", ".join(f"{count:,} {what}" for what, count in self.parts.items())
        return [
            f"{self.rows:,} rows in {self.tables:,} tables; dump of {self.dump_bytes:,} bytes",
            f"{self.orders_meanwhile:,} orders were recorded between its snapshot and its end",
            f"the same in the copy: every row; {parts}",
            f"refused by the copy: {refused} to another brand",
            "reconcile: no difference",
            *(f"{seconds:7.1f} s  {step}" for step, seconds in self.seconds.items()),
            f"{sum(self.seconds.values()):7.1f} s  in all",
        ]


def drill(
    source: str,
    *,
    home: Path,
    programs: Path,
    environment: Mapping[str, str],
    orders: int = 0,
    settings: Mapping[str, str] | None = None,
    inspect: Inspection | None = None,
) -> Report:
    """Dump `source`, restore it in `home`, check the copy. Raises DrillError for any difference.

    `environment` is that of the product's commands; they run with its keys. With `orders`, so many
    are recorded before the dump begins and more while it runs. `inspect` is called with the address
    of the copy before the copy is gone.
    """
    report = Report()
    dumped = home / "dump"
    with connect(source, autocommit=True) as watching:
        original = {**environment, "DATABASE_URL": source}
        writing = (
            orders_coming_in(watching, before=orders, environment=original)
            if orders
            else nullcontext()
        )
        with writing, connect(source) as snapshot:
            name = _take_snapshot(snapshot)
            if orders:  # the database has moved on before the dump begins, and goes on moving
                wait_for_an_order(watching, after=orders_so_far(snapshot))
            was, rows = _dump(source, snapshot, dumped, name=name, programs=programs, report=report)
            if orders:
                report.orders_meanwhile = orders_so_far(watching) - orders_so_far(snapshot)
    with copying.second_server(home, settings=settings) as server:
        copy = copying.make_plain_database(server)
        with report.timed("restore"):
            copying.restore(dumped, copy, programs=programs)
        with report.timed("check rows, constraints, indexes, triggers and sequences"):
            _compare(copy, was, rows)
        with report.timed("try what must be refused"):
            _try(copy, report)
        with report.timed("migrate --check and reconcile"):
            _ask_the_product({**environment, "DATABASE_URL": copy})
        if inspect:
            inspect(copy)
    return report


def _take_snapshot(connection: Connection) -> str:
    """Begin to see one moment only, and name it for pg_dump."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert row is not None  # noqa: S101
    return str(row[0])


def _dump(
    source: str,
    snapshot: Connection,
    target: Path,
    *,
    name: str,
    programs: Path,
    report: Report,
) -> tuple[catalogue.Catalogue, dict[str, catalogue.Fingerprint]]:
    """Dump what one snapshot sees, and read in the same one what the copy will have to be."""
    with report.timed("dump"):
        copying.dump(source, target, snapshot=name, programs=programs)
    with report.timed("read the original for comparison"):
        was = catalogue.read_catalogue(snapshot)
        rows = catalogue.read_contents(snapshot)
    report.dump_bytes = sum(file.stat().st_size for file in target.iterdir())
    report.tables, report.rows = len(rows), sum(table.rows for table in rows.values())
    report.parts = {what: len(lines) for what, lines in was.items() if what != "locale"}
    return was, rows


def _compare(copy: str, was: catalogue.Catalogue, rows: dict[str, catalogue.Fingerprint]) -> None:
    with connect(copy) as connection:
        found = [
            *catalogue.catalogue_differences(was, catalogue.read_catalogue(connection)),
            *catalogue.content_differences(rows, catalogue.read_contents(connection)),
            *catalogue.sequences_behind(connection),
        ]
    if found:
        raise DrillError("\n".join(found))


def _try(copy: str, report: Report) -> None:
    with connect(copy) as connection:
        tried = try_what_is_refused(connection)
    report.append_only, report.tenancy = tried.append_only, tried.tenancy
    if tried.allowed:
        raise DrillError("\n".join(tried.allowed))


def _ask_the_product(environment: Mapping[str, str]) -> None:
    """Every migration is applied, and every total is what the facts say."""
    for command in (["migrate", "--check"], ["reconcile"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=CHECKOUT.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DrillError(f"On the copy, {' '.join(command)} fails.\n{done.stdout}".rstrip())
