"""An offer that has not begun counts nothing, and begins by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.tenancy import acting_for
from offers.services import change_offer, create_offer
from offers.terms import OfferError, TermsValues
from offers.values import OfferValues
from tests.cast import Cast, offer_values, order
from tests.following import follow_link
from tests.snapshot import snapshot
from tracking.models import Conversion, TrackingLink
from tracking.orders.recording import record_order

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"


def glow(cast: Cast, **changes: object) -> OfferValues:
    return replace(offer_values(name=cast.glow.name), **changes)  # type: ignore[arg-type]


def test_orders_and_clicks_count_from_the_first_day_on(cast: Cast) -> None:
    begins = cast.now + timedelta(days=1)
    with acting_for(cast.juniper):
        change_offer(offer=cast.glow, values=glow(cast, starts_at=begins), by=cast.by, now=cast.now)
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
        for number, at in ((1, begins - timedelta(seconds=1)), (2, begins)):
            facts = order(str(number), ordered_at=at.isoformat())
            record_order(order=facts, source="shop", by=cast.by, now=begins)

        assert [row.order.external_id for row in Conversion.objects.all()] == ["2"]
    early, later = (
        follow_link(slug=slug, user_agent=PHONE, referrer="", now=at)
        for at in (begins - timedelta(seconds=1), begins)
    )
    assert early is not None
    assert later is not None
    assert (early.counted, later.counted) == (False, True)


def test_an_offer_begins_before_it_ends(cast: Cast) -> None:
    with acting_for(cast.juniper):
        before = snapshot()
        with pytest.raises(OfferError, match="must be after the start") as refused:
            create_offer(
                values=offer_values(name="Never", starts_at=cast.now, ends_at=cast.now),
                terms=TermsValues(percent_bp=1_000), by=cast.by, now=cast.now,
            )  # fmt: skip

    assert refused.value.field == "ends_at"
    assert snapshot() == before
