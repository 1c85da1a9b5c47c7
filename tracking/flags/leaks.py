"""Find codes that strangers seem to spread, and note what staff decided about them.

Found is a code whose orders came with clicks before and come without now, while shoppers arrive
from coupon sites or from hosts that never led to this member. It changes nothing by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand
from core.postgres.outages import defects_logged
from core.tenancy import acting_for
from offers.fields import is_on_domain
from tracking.flags.facts import WITHOUT_CLICK
from tracking.flags.rules import site_of
from tracking.flags.settings import coupon_sites
from tracking.models import Click, Conversion, Evidence, LeakedCode, LeakState, PromoCode

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeakLimits:
    """When a code counts as leaked."""

    recent_days: int = 14
    before_days: int = 60  # before those
    orders: int = 10  # in each of the two times
    clicked_before_percent: int = 30  # of the orders had a click, at least
    clicked_now_percent: int = 5  # at most
    foreign_orders: int = 3  # whose shoppers came from a foreign host, at least


LIMITS = LeakLimits()
MAX_HOSTS = 5  # that are named


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """The orders with a code now and before, those of them with a click, and foreign hosts."""

    recent: int
    recent_clicked: int
    before: int
    before_clicked: int
    foreign: tuple[str, ...] = ()  # the host of each recent order from a foreign one


class LeakError(ValueError):
    """It can't be decided; the message is a sentence for staff."""


def is_suspicious(code: CodeFacts, limits: LeakLimits = LIMITS) -> bool:
    """Whether the code's orders came with clicks before and come without now. Pure."""
    return (
        min(code.recent, code.before) >= limits.orders
        and 100 * code.before_clicked >= limits.clicked_before_percent * code.before
        and 100 * code.recent_clicked <= limits.clicked_now_percent * code.recent
    )


def leak(code: CodeFacts, limits: LeakLimits = LIMITS) -> dict[str, Any] | None:
    """Return the evidence that a code leaked, None if it did not. Pure."""
    if not is_suspicious(code, limits) or len(code.foreign) < limits.foreign_orders:
        return None
    hosts = sorted(set(code.foreign), key=lambda host: (-code.foreign.count(host), host))
    return {
        "orders": code.recent,
        "clicked": code.recent_clicked,
        "days": limits.recent_days,
        "orders_before": code.before,
        "clicked_before": code.before_clicked,
        "days_before": limits.before_days,
        "foreign": len(code.foreign),
        "hosts": hosts[:MAX_HOSTS],
    }


def leak_sentence(row: LeakedCode) -> str:
    """Return what was found, for staff."""
    found = row.evidence
    now = f"{found['orders']} orders used it in {found['days']} days, {found['clicked']} of them"
    before = f"in the {found['days_before']} days before it was {found['clicked_before']} of"
    return (
        f"{now} after a click; {before} {found['orders_before']}. {found['foreign']} shoppers came"
        f" from {', '.join(found['hosts'])}."
    )


def find_in_all_brands(*, now: datetime) -> int:
    """Look for leaked codes in every brand; return how many were found anew."""
    found = 0
    for brand in Brand.objects.order_by("pk"):
        with acting_for(brand), defects_logged(logger, "leaks could not be looked for"):
            found += find_leaks(now=now)
    return found


@transaction.atomic
def find_leaks(*, now: datetime) -> int:
    """Name the brand's codes in use that leaked, each once; return how many were found anew."""
    known = LeakedCode.objects.values("promo_code")
    codes = (
        PromoCode.objects.in_use()
        .exclude(pk__in=known)
        .filter(enrollment__in=_busy(now).values("enrollment"))
        .select_related("enrollment__offer")
    )
    new = []
    for row in codes:
        evidence = leak(_facts(row, now=now))
        if evidence is not None:
            new.append(LeakedCode(promo_code=row, evidence=evidence, found_at=now))
    LeakedCode.objects.bulk_create(new)
    return len(new)


def leaked_codes() -> QuerySet[LeakedCode]:
    """Return the leaked codes with member and offer, also those that staff decided about."""
    return LeakedCode.objects.select_related(
        "promo_code__enrollment__member", "promo_code__enrollment__offer"
    )


def open_leaks() -> QuerySet[LeakedCode]:
    """Return the leaked codes that wait for staff, the newest first."""
    return leaked_codes().filter(state=LeakState.OPEN).order_by("-found_at", "-pk")


@transaction.atomic
def dismiss_leak(*, leaked: LeakedCode, reason: str, by: Actor, now: datetime) -> LeakedCode:
    """Note that the code did not leak. Raises LeakError without a reason, or if it was decided."""
    if not reason.strip():
        raise LeakError("Say why: it is shown with the code.")
    return decide_leak(
        leaked=leaked, state=LeakState.DISMISSED, reason=reason.strip()[:300], by=by, now=now
    )


def decide_leak(
    *, leaked: LeakedCode, state: LeakState, reason: str, by: Actor, now: datetime
) -> LeakedCode:
    """Note a decision. Call it in a transaction. Raises LeakError if it was decided before."""
    row = LeakedCode.objects.select_for_update().select_related("promo_code").get(pk=leaked.pk)
    if row.state != LeakState.OPEN:
        raise LeakError("Somebody decided about this code already.")
    row.state, row.reason, row.decided_at, row.decided_by = state, reason, now, by.label[:200]
    row.save(update_fields=["state", "reason", "decided_at", "decided_by"])
    audit.record(
        action=f"leaked_code.{state.value}", target=row.promo_code, by=by, now=now, reason=reason
    )
    return row


def _busy(now: datetime) -> QuerySet[Any, Any]:
    """Members who had enough orders with a code lately."""
    recent = Conversion.objects.filter(
        evidence=Evidence.CODE, occurred_at__gt=now - timedelta(days=LIMITS.recent_days)
    )
    counted = recent.order_by().values("enrollment").annotate(orders=Count("pk"))
    return counted.filter(orders__gte=LIMITS.orders)


def _facts(code: PromoCode, *, now: datetime) -> CodeFacts:
    middle = now - timedelta(days=LIMITS.recent_days)
    first = middle - timedelta(days=LIMITS.before_days)
    rows = Conversion.objects.filter(
        enrollment=code.enrollment_id, promo_code=code.code, evidence=Evidence.CODE, share_bp__gt=0
    )
    recent = rows.filter(occurred_at__gt=middle, occurred_at__lte=now)
    before = rows.filter(occurred_at__gt=first, occurred_at__lte=middle)
    clicked = Count("pk", filter=~WITHOUT_CLICK)
    counted = recent.aggregate(all=Count("pk"), clicked=clicked)
    earlier = before.aggregate(all=Count("pk"), clicked=clicked)
    found = CodeFacts(counted["all"], counted["clicked"], earlier["all"], earlier["clicked"])
    if not is_suspicious(found):
        return found
    named = recent.exclude(order__referrer_host="")
    hosts = list(named.values_list("order__referrer_host", flat=True))
    # Only these are looked for: visitors name other hosts without end.
    earlier_orders = before.filter(order__referrer_host__in=set(hosts))
    earlier_clicks = Click.objects.filter(
        enrollment=code.enrollment_id, referrer_host__in=set(hosts),
        clicked_at__gt=first, clicked_at__lte=middle,
    )  # fmt: skip
    usual = {
        *earlier_orders.values_list("order__referrer_host", flat=True).distinct(),
        *earlier_clicks.values_list("referrer_host", flat=True).distinct(),
    }
    foreign = _foreign(hosts, usual, code.enrollment.offer.link_domains)
    return CodeFacts(
        found.recent, found.recent_clicked, found.before, found.before_clicked, foreign
    )


def _foreign(
    hosts: Collection[str], usual: Collection[str], own_domains: list[str]
) -> tuple[str, ...]:
    """Those that are coupon sites, or led to the member never before and are not the shop's."""
    sites = coupon_sites()
    return tuple(
        host
        for host in hosts
        if site_of(host, sites)
        or (host not in usual and not is_on_domain(f"https://{host}", own_domains))
    )
