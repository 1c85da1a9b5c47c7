"""Every face shows the same figures: admin, export, dashboard and portal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client

from affiliates.logins import give_login
from core.money import Money
from core.templatetags.display import money
from core.tenancy import acting_for
from offers.models import Enrollment
from payouts.services import adjust
from tests.cast import Cast, refund
from tests.portal.conftest import Sell, path_of, pay, reject
from tracking.metrics import figures_of_offers
from tracking.models import TrackingLink
from tracking.selectors import export_rows
from tracking.services import follow_link, record_refund


@dataclass(frozen=True)
class Shown:
    """One member's all-time figures in one offer, as amounts in digits."""

    clicks: int
    conversions: int
    sales: str
    commission: str
    paid: str
    due: str


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


def in_admin(cast: Cast, enrollment: Enrollment) -> Shown:
    staff = Client()
    staff.force_login(cast.vera)
    page = staff.get(f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/?range=all")
    [row] = [row for row in page.context["rows"] if row.enrollment.pk == enrollment.pk]
    for amount in (row.sales, row.commission, row.paid, row.due):
        assert money(amount) in page.content.decode()
    return Shown(
        clicks=row.totals.clicks,
        conversions=row.totals.conversions,
        sales=row.sales.plain(),
        commission=row.commission.plain(),
        paid=row.paid.plain(),
        due=row.due.plain(),
    )


def in_export(cast: Cast, enrollment: Enrollment) -> Shown:
    with acting_for(cast.juniper):
        head, *lines = export_rows(cast.glow, now=cast.now)
    [line] = [line for line in lines if line[0] == enrollment.member.email]
    cell = dict(zip(head, line, strict=True))
    return Shown(
        clicks=int(cell["clicks"]),
        conversions=int(cell["conversions"]),
        **{name: cell[name] for name in ("sales", "commission", "paid", "due")},
    )


def on_dashboard(client: Client, enrollment: Enrollment) -> Shown:
    page = client.get(f"{path_of(enrollment)}?range=all")
    figure = {figure.label: figure.value for figure in page.context["numbers"].figures}
    balance = page.context["money"]
    for amount in (figure["Earnings"], money(balance.paid), money(balance.due)):
        assert amount in page.content.decode()
    return Shown(
        clicks=int(figure["Clicks"]),
        conversions=int(figure["Conversions"]),
        sales=digits(figure["Sales"]),
        commission=digits(figure["Earnings"]),
        paid=balance.paid.plain(),
        due=balance.due.plain(),
    )


def in_portal(cast: Cast, enrollment: Enrollment) -> Shown:
    user = give_login(email=enrollment.member.email, now=cast.now)
    assert user is not None
    creator = Client()
    creator.force_login(user)
    page = creator.get("/portal/")
    [[row, _]] = [pair for pair in page.context["rows"] if pair[0].enrollment.pk == enrollment.pk]
    for amount in (row.earned, row.due, row.paid):
        assert money(amount) in page.content.decode()
    return Shown(
        clicks=row.totals.clicks,
        conversions=row.totals.conversions,
        sales=row.sales.plain(),
        commission=Money(row.totals.commission_minor, row.currency).plain(),
        paid=row.paid.plain(),
        due=row.due.plain(),
    )


def digits(shown: str) -> str:
    return shown.removeprefix("£").replace(",", "")
