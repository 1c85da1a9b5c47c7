"""Look at sales by the rules, raise and withdraw flags, and hold sales where the offer says so.

A trigger writes a FlagCheck with each new or changed conversion. Workers take them in batches, one
worker a brand. What a batch finds depends on the facts alone and not on the sequence in which they
came: a sale whose earlier neighbours came later is looked at again, and looking twice changes
nothing. A conversion is held exactly while an open flag of a kind that its offer holds for stands.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand
from accounts.selectors import current_zone
from core.db import retried_transaction
from core.postgres.outages import OUTAGES, defects_logged
from core.tenancy import across_brands, acting_for, current_brand_id
from tracking.commissions.settlement import changing
from tracking.flags import facts
from tracking.flags.facts import DayKey, Sale
from tracking.flags.rules import (
    CAN_BE_WITHDRAWN,
    DAY_RULES,
    LIMITS,
    SALE_RULES,
)
from tracking.flags.settings import coupon_sites, holds_by_offer, kinds_in_use
from tracking.models import (
    Conversion,
    ConversionStatus,
    DailyTotal,
    Flag,
    FlagCheck,
    FlagCheckState,
    FlagKind,
    FlagState,
)
from tracking.totals.daily import day_of

BATCH = 200  # conversions
SLICE = 20  # batches of one brand before the others get their part
# Before each further look for a click that is not stored; after the last one it counts as lost.
CLICK_PAUSES = tuple(
    timedelta(seconds=one) for one in (10, 30, 60, 300, 900, 3_600, 21_600, 86_400)
)
FAILED_PAUSE = timedelta(minutes=5)
LATE_CLICKS = timedelta(days=2)  # for which days are looked at again every hour
BY = Actor.system("rules of flags")
_ONE_WORKER = "SELECT pg_try_advisory_xact_lock(hashtext('flags'), %s)"
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Changes:
    """Flags to raise, as evidence by conversion id and kind, and open ones to withdraw."""

    raised: dict[tuple[int, FlagKind], dict[str, Any]] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)  # ids of flags


def check_all_brands(*, now: datetime) -> int:
    """Look at what waits in every brand; return how many conversions that were."""
    with across_brands(reason="sales that the rules of flags have to look at, of all brands"):
        waiting = FlagCheck.objects.filter(due_at__lte=now).order_by("brand_id")
        brands = list(waiting.values_list("brand_id", flat=True).distinct())
    checked = 0
    for brand_id in brands:
        with acting_for(brand_id), defects_logged(logger, "sales could not be looked at"):
            checked += check_waiting(now=now)
    return checked


def check_waiting(*, now: datetime) -> int:
    """Look at the brand's waiting conversions, up to SLICE batches; return how many."""
    checked = 0
    for _ in range(SLICE):
        ids = list(
            FlagCheck.objects.filter(due_at__lte=now)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if not ids:
            break
        try:
            number = _check_batch(ids, now=now)
        except OUTAGES:  # the next round looks again
            raise
        except Exception:  # one sale must not hold up the others
            logger.exception("a batch of sales could not be looked at")
            number = _check_one_by_one(ids, now=now)
        if not number:  # another worker looks
            break
        checked += number
    return checked


def _check_one_by_one(check_ids: Sequence[int], *, now: datetime) -> int:
    checked = 0
    for pk in check_ids:
        try:
            checked += _check_batch([pk], now=now)
        except OUTAGES:  # the next round looks again
            raise
        except Exception:
            logger.exception("the sale of flag check %s could not be looked at", pk)
            FlagCheck.objects.filter(pk=pk).update(
                state=FlagCheckState.FAILED, due_at=now + FAILED_PAUSE
            )
    return checked


@retried_transaction
def _check_batch(check_ids: Sequence[int], *, now: datetime) -> int:
    """Look at the conversions of these checks and remove the checks, in one transaction."""
    if not _is_only_worker():
        return 0
    checks = list(FlagCheck.objects.filter(pk__in=list(check_ids)).select_for_update())
    asked = {check.conversion_id for check in checks}
    sales = facts.sales_of(asked | facts.followers(asked), coupon_sites=coupon_sites())
    changes = _Changes()
    existing = list(Flag.objects.filter(conversion__in=[sale.conversion.pk for sale in sales]))
    kinds = kinds_in_use()
    _by_sale_rules(changes, sales, existing, kinds)
    own_days = [sale for sale in sales if sale.conversion.pk in asked]
    _by_day_rules(changes, own_days, kinds)
    _apply(changes, asked_again=asked, now=now)
    _remove(checks, {sale.conversion.pk for sale in sales if sale.awaits_click}, now=now)
    return len(asked)


def _is_only_worker() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_ONE_WORKER, [current_brand_id() % 2**31])
        return bool(cursor.fetchone()[0])


def _remove(checks: Sequence[FlagCheck], awaiting: Collection[int], *, now: datetime) -> None:
    """Remove the checks; those that wait for a click come again later."""
    again = {}
    for check in checks:
        if check.conversion_id in awaiting and check.tries < len(CLICK_PAUSES):
            again[check.conversion_id] = FlagCheck(
                conversion_id=check.conversion_id,
                state=FlagCheckState.AWAITS_CLICK,
                due_at=now + CLICK_PAUSES[check.tries],
                tries=check.tries + 1,
            )
    FlagCheck.objects.filter(pk__in=[check.pk for check in checks]).delete()
    FlagCheck.objects.bulk_create(again.values())


# --- what the rules say


def _by_sale_rules(
    changes: _Changes,
    sales: Iterable[Sale],
    existing: Iterable[Flag],
    kinds: Collection[FlagKind],
) -> None:
    flags: dict[int, dict[str, Flag]] = defaultdict(dict)
    for one in existing:
        flags[one.conversion_id][one.kind] = one
    sharing = {sale.conversion.member_id for sale in sales if sale.facts.shared_accounts}
    cleared = _cleared_pairs(sharing) if sharing else set()
    for sale in sales:
        own = flags[sale.conversion.pk]
        if not sale.counts:
            changes.withdrawn |= {one.pk for one in own.values() if one.state == FlagState.OPEN}
            continue
        for kind, rule in SALE_RULES.items():
            found, flag = rule(sale.facts), own.get(kind)
            if found is None:
                if flag and flag.state == FlagState.OPEN and kind in CAN_BE_WITHDRAWN:
                    changes.withdrawn.add(flag.pk)
            elif kind in kinds and (flag is None or flag.state == FlagState.WITHDRAWN):
                pair = (sale.conversion.member_id, found.get("member"))
                if kind != FlagKind.SHARED_ACCOUNT or pair not in cleared:
                    changes.raised[sale.conversion.pk, kind] = found


def _cleared_pairs(member_ids: Collection[int]) -> set[tuple[int, int]]:
    """Members whose shared account was found to be fine, in both directions."""
    rows = Flag.objects.filter(kind=FlagKind.SHARED_ACCOUNT, state=FlagState.CLEARED)
    pairs = {(member, evidence["member"]) for member, evidence in rows.filter(
        member__in=list(member_ids)
    ).values_list("member", "evidence")}  # fmt: skip
    others = rows.filter(evidence__member__in=list(member_ids)).values_list("member", "evidence")
    return pairs | {(evidence["member"], member) for member, evidence in others}


def _by_day_rules(changes: _Changes, sales: Sequence[Sale], kinds: Collection[FlagKind]) -> None:
    zone = current_zone()
    keys = {
        (sale.conversion.enrollment_id, day_of(sale.conversion.occurred_at, zone)) for sale in sales
    }
    known = _known_days({enrollment for enrollment, _ in keys})
    flagged = {key for (key, _), states in known.items() if FlagState.OPEN in states}
    wanted, totals = facts.days_to_look_at(keys, flagged=flagged)
    for key, day in facts.day_facts(wanted, totals, zone=zone).items():
        for kind, rule in DAY_RULES.items():
            states, found = known[key, kind], rule(day)
            if found is None:
                if FlagState.OPEN in states:
                    changes.withdrawn |= _open_flags_of_day(key, kind)
            elif kind in kinds and FlagState.CLEARED not in states:
                _raise_for_day(changes, key, kind, found)


def _known_days(enrollments: Collection[int]) -> dict[tuple[DayKey, str], set[str]]:
    """The states of the flags of each day and kind, without withdrawn ones."""
    rows = Flag.objects.filter(enrollment__in=list(enrollments), kind__in=list(DAY_RULES))
    known: dict[tuple[DayKey, str], set[str]] = defaultdict(set)
    for enrollment, kind, state, day in (
        rows.exclude(state=FlagState.WITHDRAWN)
        .order_by()
        .values_list("enrollment", "kind", "state", "evidence__day")
        .distinct()
    ):
        known[(enrollment, date.fromisoformat(day)), kind].add(state)
    return known


def _open_flags_of_day(key: DayKey, kind: FlagKind) -> set[int]:
    enrollment, day = key
    rows = Flag.objects.filter(enrollment=enrollment, kind=kind, state=FlagState.OPEN)
    return set(rows.filter(evidence__day=day.isoformat()).values_list("pk", flat=True))


def _raise_for_day(changes: _Changes, key: DayKey, kind: FlagKind, found: dict[str, Any]) -> None:
    """Raise a flag for the sales of the day that have none of this kind yet."""
    rows = facts.sales_on_day(key, zone=current_zone()).exclude(status=ConversionStatus.REJECTED)
    if kind == FlagKind.CODE_SURGE:
        rows = rows.filter(facts.WITHOUT_CLICK)
    known = Flag.objects.filter(enrollment=key[0], kind=kind).exclude(state=FlagState.WITHDRAWN)
    for pk in rows.exclude(pk__in=known.values("conversion")).values_list("pk", flat=True):
        changes.raised[pk, kind] = found


# --- what follows


def _apply(changes: _Changes, *, asked_again: Collection[int], now: datetime) -> None:
    """Raise and withdraw, and hold or release the conversions."""
    withdrawn = Flag.objects.filter(pk__in=list(changes.withdrawn), state=FlagState.OPEN)
    touched = {pk for pk, _ in changes.raised} | set(withdrawn.values_list("conversion", flat=True))
    touched |= _wrongly_held(asked_again)
    if not touched:
        return
    with changing(sorted(touched), now=now) as conversions:
        rows = {row.pk: row for row in conversions}
        withdrawn.update(state=FlagState.WITHDRAWN)
        _raise(changes.raised, rows, now=now)
        set_held(conversions)


def _raise(
    raised: Mapping[tuple[int, FlagKind], dict[str, Any]],
    conversions: Mapping[int, Conversion],
    *,
    now: datetime,
) -> None:
    before = {
        (flag.conversion_id, flag.kind): flag
        for flag in Flag.objects.filter(conversion__in=list(conversions))
    }
    new, again = [], []
    for (pk, kind), evidence in raised.items():
        row, flag = conversions[pk], before.get((pk, kind))
        if flag is None:
            flag = Flag(
                conversion=row,
                enrollment_id=row.enrollment_id,
                offer_id=row.offer_id,
                member_id=row.member_id,
                kind=kind,
            )
            new.append(flag)
        elif flag.state == FlagState.WITHDRAWN:
            again.append(flag)
        else:  # it is open, or staff decided about it meanwhile
            continue
        flag.state, flag.evidence, flag.raised_at = FlagState.OPEN, evidence, now
    Flag.objects.bulk_create(new)
    Flag.objects.bulk_update(again, ["state", "evidence", "raised_at"])
    audit.record_many(
        action="flag.raised",
        targets=[(flag.conversion, {"kind": FlagKind(flag.kind).label}) for flag in [*new, *again]],
        by=BY,
        now=now,
    )


def set_held(conversions: Iterable[Conversion]) -> None:
    """Set whether each is held, from its open flags. Call it inside `changing`."""
    rows = list(conversions)
    holds = holds_by_offer({row.offer_id for row in rows})
    kinds: dict[int, set[str]] = defaultdict(set)
    flags = Flag.objects.filter(conversion__in=[row.pk for row in rows], state=FlagState.OPEN)
    for pk, kind in flags.values_list("conversion", "kind"):
        kinds[pk].add(kind)
    for row in rows:
        hold = holds.get(row.offer_id)
        row.is_held = hold is not None and any(hold.holds(kind) for kind in kinds[row.pk])


def _wrongly_held(conversion_ids: Collection[int]) -> set[int]:
    """Return those that should not be held but are, or should be and are not, by `set_held`."""
    rows = list(Conversion.objects.filter(pk__in=list(conversion_ids)))
    was = {row.pk: row.is_held for row in rows}
    set_held(rows)
    return {row.pk for row in rows if row.is_held != was[row.pk]}


def look_at_recent_days_in_all_brands(*, now: datetime) -> None:
    """Have busy recent days of every brand looked at again."""
    for brand in Brand.objects.order_by("pk"):
        with acting_for(brand), defects_logged(logger, "days could not be looked at again"):
            look_at_recent_days_again(now=now)


@transaction.atomic
def look_at_recent_days_again(*, now: datetime) -> int:
    """Have a sale of each busy recent day looked at again: clicks may have come since.

    Returns how many days.
    """
    first = day_of(now - LATE_CLICKS, current_zone())
    busy = DailyTotal.objects.filter(day__gte=first)
    keys = [
        (row.enrollment_id, row.day)
        for row in busy
        if row.conversions + row.pending >= LIMITS.surge_orders
    ]
    ids = [facts.sales_on_day(key, zone=current_zone()).order_by("pk").first() for key in keys]
    FlagCheck.objects.bulk_create(FlagCheck(conversion=row) for row in ids if row is not None)
    return len(keys)
