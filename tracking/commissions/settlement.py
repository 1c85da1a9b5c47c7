"""Settle conversions with the ledger: commission is a target, not an event.

All code that changes a conversion does it inside `changing`, which locks the rows, lets the caller
change them, and settles them. Settling posts one entry per conversion: what it should have earned
by now minus what the ledger has for it. It also updates the daily totals. Settling twice posts
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from offers.selectors import TermsHistory, terms_histories
from payouts.taking_back import take_back_write_offs
from tracking.commissions.caps import (
    Followers,
    Periods,
    apply_caps,
    cap_periods,
    periods_of,
)
from tracking.commissions.order_lines import lines_that_terms_look_at
from tracking.commissions.posting import post_changed, post_followers, post_new
from tracking.commissions.status import set_status
from tracking.commissions.targets import set_target
from tracking.commissions.tier_progress import lock_progress, set_tiers
from tracking.models import Conversion
from tracking.totals.daily import totals_of


@contextmanager
def changing(
    conversion_ids: Iterable[int],
    *,
    now: datetime,
    happened_at: Mapping[int, datetime] | None = None,
) -> Iterator[list[Conversion]]:
    """Lock conversions, let the caller change decision, sale or refunds, and settle them.

    Their status follows from the decision and the order, and what others earn from what is left
    under their caps.

    `happened_at` is the time of the cause by conversion id, `now` by default. A correction may be
    paid from that time on, or from the end of the hold if that is later.
    """
    with transaction.atomic():
        ids = list(conversion_ids)
        capped = _lock_capped(ids)
        # Their orders are read in a second statement, after the locks: one that was waited for may
        # have been cancelled meanwhile.
        rows = list(
            Conversion.objects.select_for_update(of=("self",))
            .select_related("terms")
            .prefetch_related("order")
            .filter(pk__in=ids)
            .order_by("pk")
        )
        before = [totals_of(row) for row in rows]
        yield rows
        for row in rows:
            set_status(row)
        followers = _set_targets(rows, capped)
        raised = post_changed(rows, before, now=now, happened_at=happened_at or {})
        raised |= post_followers(followers, now=now)
        take_back_write_offs(raised, now=now)


def settle_new(
    conversions: Sequence[Conversion],
    *,
    now: datetime,
    histories: Mapping[int, TermsHistory] | None = None,
) -> None:
    """Save new conversions with their first ledger entries and totals.

    In the order of `conversions`, each gets its member's tier. What a cap leaves them follows from
    the time of their orders. `histories` are the terms of their offers, if the caller has them.
    """
    for row in conversions:
        set_status(row)
    if histories is None:
        histories = terms_histories({row.offer_id for row in conversions})
    capped = periods_of(histories)
    lock_progress(
        {row.enrollment_id for row in conversions if row.terms.tiers or row.offer_id in capped}
    )
    set_tiers(conversions)
    followers = _set_targets(conversions, capped)
    post_new(Conversion.objects.insert_many(conversions), now=now)
    post_followers(followers, now=now)


def _set_targets(rows: Sequence[Conversion], capped: Mapping[int, Periods]) -> Followers:
    """Set the target of each; return the others that a cap leaves something else now."""
    lines = lines_that_terms_look_at(rows)
    for row in rows:
        row.left_under_cap_minor = None
        set_target(row, lines)
    return apply_caps(rows, lines, capped=capped)


def _lock_capped(conversion_ids: Iterable[int]) -> dict[int, Periods]:
    """Lock the progress of members whose offer has or had a cap, before the conversions.

    Returns the periods of these caps by offer id.
    """
    found = Conversion.objects.filter(pk__in=list(conversion_ids))
    enrollments = list(found.values_list("enrollment_id", "offer_id").distinct())
    capped = cap_periods({offer_id for _, offer_id in enrollments})
    lock_progress({pk for pk, offer_id in enrollments if offer_id in capped})
    return capped
