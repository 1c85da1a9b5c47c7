"""Every page and file shows the same figures: admin, export, dashboard and portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from core.money import Money
from core.tenancy import acting_for
from payouts.services import adjust
from tests.cast import Cast, refund
from tests.following import follow_link
from tests.portal.conftest import Sell, pay, reject
from tests.portal.shown import Shown, in_admin, in_export, in_portal, on_dashboard
from tracking.figures.metrics import figures_of_offers
from tracking.models import TrackingLink
from tracking.orders.refunds import record_refund


def test_admin_export_dashboard_and_portal_agree(cast: Cast, client: Client, sell: Sell) -> None:
    trade(cast, sell)

    shown = {
        "admin": in_admin(cast, cast.mara_in_glow),
        "export": in_export(cast, cast.mara_in_glow),
        "dashboard": on_dashboard(client, cast.mara_in_glow),
        "portal": in_portal(cast, cast.mara_in_glow),
    }

    assert shown == dict.fromkeys(
        shown,
        Shown(
            clicks=2, conversions=4, sales="336.80", commission="31.68", paid="16.84", due="14.84"
        ),
    )


def test_the_offer_is_the_sum_of_its_members(cast: Cast, client: Client, sell: Sell) -> None:
    trade(cast, sell)
    sell("D1", promo_code="DIEGO10", amount="50.00")

    with acting_for(cast.juniper):
        whole = figures_of_offers({cast.glow.pk: "GBP"}, members={cast.glow.pk: 3})[cast.glow.pk]
    parts = [on_dashboard(client, row) for row in (cast.mara_in_glow, cast.diego_in_glow)]

    assert whole.totals.conversions == sum(part.conversions for part in parts)
    assert whole.sales == sum_of(part.sales for part in parts)
    assert whole.commission == sum_of(part.commission for part in parts)


def test_a_bonus_is_in_the_money_and_not_in_the_commission(
    cast: Cast, client: Client, sell: Sell
) -> None:
    trade(cast, sell)
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=500, note="Bonus",
            by=cast.by, now=cast.now,
        )  # fmt: skip

    dashboard = on_dashboard(client, cast.mara_in_glow)

    assert (dashboard.commission, dashboard.due) == ("31.68", "19.84")
    assert in_admin(cast, cast.mara_in_glow).due == "19.84"
    assert in_portal(cast, cast.mara_in_glow).due == "19.84"


def trade(cast: Cast, sell: Sell) -> None:
    """Six orders; one rejected, one given back in full, two paid and one of them refunded after."""
    sell("1", days_ago=6)
    sell("2", days_ago=5)
    pay(cast)
    sell("3", days_ago=4)
    reject(cast, sell("4", days_ago=3), "Order cancelled")
    sell("5", days_ago=2)
    with acting_for(cast.juniper):
        for number, order_id, amount in ((1, "2", "20.00"), (2, "5", "0.01")):
            record_refund(
                refund=refund(f"R{number}", order_id, amount=amount), source="shop",
                by=cast.by, now=cast.now,
            )  # fmt: skip
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    for days in (1, 40):
        at = cast.now - timedelta(days=days)
        follow_link(slug=slug, user_agent="Mozilla/5.0 (iPhone)", referrer="", now=at)


def sum_of(amounts: Any) -> Money:
    total = Money.zero("GBP")
    for amount in amounts:
        total = total + Money.parse(amount, "GBP")
    return total
