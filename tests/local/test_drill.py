"""The restore drill at small size: on a live database, into a second server, as a plain role."""

from __future__ import annotations

from pathlib import Path

import psycopg

from config.local.drill.catalogue import (
    Catalogue,
    Fingerprint,
    catalogue_differences,
    content_differences,
    read_catalogue,
    read_contents,
    sequences_behind,
)
from config.local.drill.connecting import connect
from config.local.drill.copying import PLAIN_ROLE
from config.local.drill.drilling import Report, drill
from config.local.drill.refusals import try_what_is_refused
from config.local.folders import own_folder
from tests.own_servers import OwnServers
from tests.services import SETTINGS

ORDERS = 200
# A superuser's way to break a copy, and what the drill has to say of it.
DAMAGES = {
    "ALTER TABLE payouts_ledgerentry DISABLE TRIGGER USER": "NOT ENABLED",
    "ALTER TABLE tracking_order DROP CONSTRAINT tracking_order_tenant CASCADE": "tracking_order",
    "DROP INDEX tracking_code_enrollment": "tracking_code_enrollment",
    "ALTER TABLE affiliates_member ALTER email DROP NOT NULL": "affiliates_member email",
}


class Inspected:
    """What the test sees of the copy while it is there."""

    def __init__(self) -> None:
        self.role: tuple[object, ...] = ()
        self.damages: dict[str, list[str]] = {}
        self.behind: list[str] = []
        self.allowed: list[str] = []
        self.lost: list[str] = []

    def look(self, copy: str) -> None:
        with connect(copy) as connection:
            row = connection.execute(
                "SELECT current_user, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
                " FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            assert row is not None
            self.role = row
            whole, rows = read_catalogue(connection), read_contents(connection)
            for statement in DAMAGES:
                self.damages[statement] = damage(connection, statement, whole)
            self.break_it(connection, rows)

    def break_it(self, connection: psycopg.Connection, rows: dict[str, Fingerprint]) -> None:
        with connection.transaction(force_rollback=True):
            connection.execute("ALTER TABLE payouts_ledgerentry DISABLE TRIGGER USER")
            connection.execute(
                "ALTER TABLE offers_offer DROP CONSTRAINT offers_offer_tenant CASCADE"
            )
            self.allowed = try_what_is_refused(connection).allowed
        with connection.transaction(force_rollback=True):
            connection.execute("UPDATE affiliates_member SET first_name = first_name || '.'")
            connection.execute("SELECT setval(pg_get_serial_sequence('tracking_order', 'id'), 1)")
            self.lost = content_differences(rows, read_contents(connection))
            self.behind = sequences_behind(connection)


def damage(connection: psycopg.Connection, statement: str, whole: Catalogue) -> list[str]:
    with connection.transaction(force_rollback=True):
        connection.execute(statement)
        return catalogue_differences(whole, read_catalogue(connection))


def test_a_dump_of_a_live_database_is_a_whole_one(own_servers: OwnServers) -> None:
    inspected = Inspected()

    report = drill(
        own_servers.database_url,
        home=own_folder(own_servers.services.home / "drill", mode=0o711),
        programs=Path(own_servers.services.postgres.programs),
        environment=own_servers.environment,
        orders=ORDERS,
        settings=SETTINGS,
        inspect=inspected.look,
    )

    told(report)
    assert inspected.role == (PLAIN_ROLE, False, False, False, False)
    for statement, words in DAMAGES.items():
        assert any(words in line for line in inspected.damages[statement]), statement
    assert any("payouts_ledgerentry" in line for line in inspected.allowed)
    assert [line.split(":")[0] for line in inspected.lost] == ["affiliates_member"]
    assert [line.split()[0] for line in inspected.behind] == ["public.tracking_order_id_seq"]


def told(report: Report) -> None:
    """Everything that is printed was found."""
    assert report.orders_meanwhile > 0
    assert report.append_only == 6  # three tables, changed and deleted from
    assert report.tenancy > 10
    assert report.parts["triggers"] > 10
    assert report.parts["constraints"] > 100
    assert report.rows > ORDERS
    assert {"dump", "restore"} <= report.seconds.keys()
    assert any("reconcile: no difference" in line for line in report.lines())
