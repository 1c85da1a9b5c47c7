"""What becomes of a connection: orders arrive, access is refused, it ends. Each change is a row's.

Called by the services of this package, mostly inside their transactions.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.actors import Actor
from accounts.audit_log import audit
from integrations.models import (
    Connection,
    ConnectionQuerySet,
    ConnectionState,
    Event,
    EventState,
)

# Of a busy shop the row is not written for each delivery.
TIMES_ARE_EXACT_TO = timedelta(seconds=5)


def note_event(connection: Connection, *, received_at: datetime) -> None:
    """A delivery of the shop was worked on."""
    _later("last_event_at", connection, received_at).update(last_event_at=received_at)


def note_orders(
    connection: Connection, *, received_at: datetime, currencies: Collection[str]
) -> None:
    """Orders arrived that are no test: the connection works, and is not silent any more."""
    _later("last_order_at", connection, received_at).update(
        last_order_at=received_at, silent_since=None
    )
    if connection.state == ConnectionState.WAITING:
        Connection.objects.filter(pk=connection.pk, state=ConnectionState.WAITING).update(
            state=ConnectionState.CONNECTED
        )
    if not set(currencies) <= set(connection.currencies):
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        row.currencies += sorted(set(currencies) - set(row.currencies))
        row.save(update_fields=["currencies"])


def _later(field: str, connection: Connection, moment: datetime) -> ConnectionQuerySet:
    older = Q(**{field: None}) | Q(**{f"{field}__lt": moment - TIMES_ARE_EXACT_TO})
    return Connection.objects.filter(older, pk=connection.pk)


@transaction.atomic
def note_access_refused(connection: Connection, problem: str, *, by: Actor, now: datetime) -> None:
    """The shop refuses our credentials: staff have to do something."""
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    if not row.is_live:
        return
    was_refused = row.state == ConnectionState.REFUSED
    if row.state != ConnectionState.CONNECTING:
        row.state = ConnectionState.REFUSED
    row.problem, row.problem_at = problem[:500], row.problem_at or now
    row.save(update_fields=["state", "problem", "problem_at"])
    if not was_refused:
        audit.record(action="connection.refused", target=row, by=by, now=now, problem=row.problem)


def note_problem(connection: Connection, problem: str, *, now: datetime) -> None:
    """Something else is wrong that staff should know; "" when all is right again."""
    if problem == connection.problem:
        return
    Connection.objects.filter(pk=connection.pk).update(
        problem=problem[:500], problem_at=now if problem else None
    )


@transaction.atomic
def note_access(connection: Connection, *, now: datetime) -> None:
    """The shop accepts our credentials. What waited for that is worked on now."""
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    if row.state == ConnectionState.REFUSED:
        row.state = ConnectionState.CONNECTED if row.last_order_at else ConnectionState.WAITING
        Event.objects.filter(connection=row, state=EventState.WAITING).update(try_again_at=now)
    row.problem, row.problem_at = "", None
    row.save(update_fields=["state", "problem", "problem_at"])


def end_connection(
    connection: Connection, state: ConnectionState, *, by: Actor, now: datetime
) -> Connection:
    """End it, and forget its credentials. Ending it again changes nothing.

    A shop that removed our app keeps its secret: what shoppers ask about their data still arrives.
    """
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    if row.state == state or (not row.is_live and state == ConnectionState.UNINSTALLED):
        return row
    row.state, row.ended_at = state, row.ended_at or now
    row.sealed_credentials, row.problem, row.problem_at = "", "", None
    row.next_fill_at, row.silent_since = None, None
    if state == ConnectionState.DISCONNECTED:
        row.sealed_secret, row.secret_at = "", None
        row.sealed_former_secret, row.former_secret_until = "", None
    row.save()
    audit.record(action=f"connection.{state.value}", target=row, by=by, now=now, store=row.store)
    return row
