"""What a shop asks for its shoppers' sake: what is known of them, and to forget them.

Called while the delivery that asks is worked on, in its transaction.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value

from accounts.actors import Actor
from accounts.audit_log import audit
from integrations.models import Connection, ConnectionState, DataRequest, Event, EventState
from integrations.reading import NotYetError
from integrations.shop import PrivacyKind, PrivacyRequest
from integrations.states import end_connection
from tracking.privacy.shoppers import forget_all_shoppers, forget_shopper

ANSWER_WITHIN = timedelta(days=30)
TRIES_THAT_WAIT = 6  # in which earlier deliveries are waited for: almost four hours
ERASED = "Its contents were erased at the shop's request."


def obey(
    request: PrivacyRequest, *, connection: Connection, event: Event, by: Actor, now: datetime
) -> None:
    """Do what the shop asks. Orders, commissions and figures stay; who bought does not.

    Raises NotYetError while earlier deliveries about the shopper wait.
    """
    if request.kind is PrivacyKind.DATA_REQUEST:
        DataRequest.objects.get_or_create(
            event=event,
            customer_ref=request.customer_id[:120],
            defaults={
                "connection": connection,
                "order_ids": list(request.order_ids),
                "received_at": event.received_at,
                "due_at": event.received_at + ANSWER_WITHIN,
            },
        )
        return
    if request.kind is PrivacyKind.CUSTOMER_ERASURE:
        _wait_for_earlier(request, connection=connection, event=event)
        forgotten = forget_shopper(
            source=connection.source,
            customer_ref=request.customer_id,
            order_ids=request.order_ids,
            by=by,
            now=now,
        )
        order_ids = {*request.order_ids, *forgotten}
        # What they asked before, and what could not be understood, names them too. One that waits
        # is left: it may be a sale that is not recorded yet.
        naming_them = _naming(
            {request.customer_id, *order_ids} - {""},
            connection=connection,
            among=Event.objects.exclude(state=EventState.WAITING),
        )
        about_them = Q(order_ids__overlap=sorted(order_ids)) | Q(pk__in=[event.pk, *naming_them])
        _erase(Event.objects.filter(about_them, connection=connection))
        if request.customer_id:
            DataRequest.objects.filter(
                connection=connection, customer_ref=request.customer_id
            ).update(customer_ref="")
        return
    forget_all_shoppers(source=connection.source, by=by, now=now)
    _erase(Event.objects.filter(connection=connection))
    DataRequest.objects.filter(connection=connection).update(customer_ref="")
    if connection.state == ConnectionState.UNINSTALLED:
        end_connection(connection, ConnectionState.DISCONNECTED, by=by, now=now)


def _wait_for_earlier(request: PrivacyRequest, *, connection: Connection, event: Event) -> None:
    """Let deliveries go first that came before and name the shopper: they may be a sale.

    What is recorded of them later would not be forgotten. Raises NotYetError, but not for ever.
    """
    waiting = Event.objects.filter(state=EventState.WAITING, pk__lt=event.pk)
    ids = {request.customer_id, *request.order_ids} - {""}
    if event.tries <= TRIES_THAT_WAIT and _naming(ids, connection=connection, among=waiting):
        raise NotYetError("Earlier deliveries about this shopper wait, and are recorded first.")


def _naming(ids: Collection[str], *, connection: Connection, among: QuerySet[Event]) -> list[int]:
    """Return those deliveries that stated no order, and have one of the ids in their body."""
    unstated = among.filter(connection=connection, order_ids=[], body__isnull=False)
    found: set[int] = set()
    for one in ids:
        within = Func(
            Value(one.encode()), F("body"), template="position(%(expressions)s)",
            arg_joiner=" IN ", output_field=IntegerField(),
        )  # fmt: skip
        whole = re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(one.encode()) + rb"(?![0-9A-Za-z_-])")
        rows = unstated.annotate(place=within).filter(place__gt=0)
        bodies = rows.values_list("pk", "body").iterator()
        found |= {pk for pk, body in bodies if whole.search(bytes(body or b""))}
    return sorted(found)


def _erase(events: QuerySet[Event]) -> None:
    """Empty them. One that waits can't be worked on then."""
    events.filter(state=EventState.WAITING).update(
        state=EventState.IGNORED, reason=ERASED, try_again_at=None, body=None, headers={}
    )
    events.filter(body__isnull=False).update(body=None, headers={})


@transaction.atomic
def answer_data_request(*, request: DataRequest, by: Actor, now: datetime) -> DataRequest:
    """Note that the brand answered the shopper. A second time it changes nothing."""
    row = DataRequest.objects.select_for_update().get(pk=request.pk)
    if row.answered_at is None:
        row.answered_at, row.answered_by = now, by.label[:200]
        row.save(update_fields=["answered_at", "answered_by"])
        audit.record(action="data_request.answered", target=row, by=by, now=now)
    return row
