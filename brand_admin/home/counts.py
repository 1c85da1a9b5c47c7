"""Count for Home what needs a person's attention. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from background.models import Work, WorkState
from brand_admin.forms import start_of
from core.kept_queries import kept_query
from core.templatetags.display import count
from integrations.selectors import ConnectionHealth, Notice, live_health, notices_of
from notifications.models import Message, MessageState
from payouts.models import Payout, PayoutRun, PayoutState
from tracking.figures.conversion_list import undecided_count
from tracking.figures.refunds_to_check import refunds_to_check
from tracking.figures.unattributed_orders import unattributed_orders
from tracking.flags.leaks import open_leaks
from tracking.flags.selectors import open_flag_count
from tracking.importing import members_in_background, orders_in_background
from tracking.models import Order, Refund
from tracking.outreach.unsent_items import not_sent, without_items
from tracking.questions.selectors import open_question_count
from webhooks.models import Endpoint
from webhooks.selectors import disabled_endpoints

RECENT, WEEK = timedelta(days=30), timedelta(days=7)
IMPORTS = (members_in_background.IMPORT, *orders_in_background.IMPORTS.values())
MAX_COUNTED_ORDERS = 10_000  # or refunds: a shop may send all of them, and counting is slow
TROUBLED_STATES = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Attention:
    """The counts, and what is wrong with connected shops and webhooks.

    `unattributed` counts the orders and `refunds` the refunds to check from the day `recent_from`
    on; both stop at MAX_COUNTED_ORDERS + 1.
    """

    pending: int
    without_items: int
    not_sent: int
    failed_sends: int
    unknown_sends: int
    questions: int
    flags: int
    leaked_codes: int
    unattributed: int
    refunds: int
    recent_from: date
    failed_imports: int  # of the last 7 days
    runs_to_confirm: int
    failed_payments: int
    connections: list[Notice]
    webhooks: list[Endpoint]  # that were disabled

    @property
    def unattributed_in_words(self) -> str:
        return _counted_so_far(self.unattributed)

    @property
    def refunds_in_words(self) -> str:
        return _counted_so_far(self.refunds)

    @property
    def recent_query(self) -> str:
        """The filter of the lists that show the same orders and refunds."""
        return f"?first={self.recent_from.isoformat()}"


def _counted_so_far(number: int) -> str:
    if number <= MAX_COUNTED_ORDERS:
        return count(number)
    return f"more than {count(MAX_COUNTED_ORDERS)}"


def what_needs_attention(
    *, now: datetime, health: Sequence[ConnectionHealth] | None = None
) -> Attention:
    """Count what waits for the staff of the current brand.

    `health` is of its live connections; without it they are looked at here.
    """
    sends = dict(_troubled_sends(since=now - RECENT))
    unknown = sends.pop(MessageState.UNKNOWN.value, 0)
    recent_from = timezone.localdate(now) - RECENT
    return Attention(
        pending=undecided_count(),
        without_items=_without_items.count(),
        not_sent=_not_sent.count(),
        failed_sends=sum(sends.values()),
        unknown_sends=unknown,
        questions=open_question_count(),
        flags=open_flag_count(),
        leaked_codes=_leaked.count(),
        unattributed=_unattributed.count(since=start_of(recent_from)),
        refunds=_refunds.count(since=start_of(recent_from)),
        recent_from=recent_from,
        failed_imports=_failed_imports.count(since=now - WEEK),
        runs_to_confirm=_runs_to_confirm.count(),
        failed_payments=_failed_payments.count(since=now - RECENT),
        connections=notices_of(live_health(now=now) if health is None else health),
        webhooks=list(disabled_endpoints()),
    )


@kept_query
def _troubled_sends(*, since: datetime) -> QuerySet[Message, Any]:
    """Return how many recent mails failed or have an unknown result, by state."""
    sends = Message.objects.filter(settled_at__gte=since, state__in=TROUBLED_STATES)
    return sends.values("state").annotate(mails=Count("pk")).values_list("state", "mails")


@kept_query
def _unattributed(*, since: datetime) -> QuerySet[Order, Any]:
    return unattributed_orders(first=since).values("pk")[: MAX_COUNTED_ORDERS + 1]


@kept_query
def _refunds(*, since: datetime) -> QuerySet[Refund, Any]:
    return refunds_to_check(first=since).values("pk")[: MAX_COUNTED_ORDERS + 1]


@kept_query
def _failed_imports(*, since: datetime) -> QuerySet[Work, Any]:
    works = Work.objects.filter(asked_at__gte=since, kind__in=IMPORTS, state=WorkState.FAILED)
    return works.values("pk")


@kept_query
def _runs_to_confirm() -> QuerySet[PayoutRun, Any]:
    runs = PayoutRun.objects.filter(state=PayoutState.DRAFT, drawn_up_at__isnull=False)
    return runs.values("pk")


@kept_query
def _failed_payments(*, since: datetime) -> QuerySet[Payout, Any]:
    """Return recent payments that failed, unless a later one to the same member was made."""
    later = Payout.objects.filter(
        member=OuterRef("member"), currency=OuterRef("currency"), pk__gt=OuterRef("pk")
    )
    failed = Payout.objects.filter(state=PayoutState.FAILED, created_at__gte=since)
    return failed.filter(~Exists(later)).values("pk")


_leaked = kept_query(open_leaks)
_without_items = kept_query(without_items)
_not_sent = kept_query(not_sent)
