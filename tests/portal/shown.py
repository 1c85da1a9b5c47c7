"""One member's figures, read off every page that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from affiliates.logins import user_for_proven_address
from core.money import Money
from core.templatetags.display import money
from core.tenancy import acting_for
from offers.models import Enrollment
from tests.answers import page_text
from tests.cast import Cast
from tests.portal.conftest import path_of
from tracking.figures.member_table import export_rows


@dataclass(frozen=True)
class Shown:
    """One member's all-time figures in one offer, as amounts in digits."""

    clicks: int
    conversions: int
    sales: str
    commission: str
    paid: str
    due: str


def in_admin(cast: Cast, enrollment: Enrollment) -> Shown:
    staff = Client()
    staff.force_login(cast.vera)
    page = staff.get(f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/?range=all")
    [row] = [row for row, *_ in page.context["rows"] if row.enrollment.pk == enrollment.pk]
    for amount in (row.sales, row.commission, row.paid, row.due):
        assert money(amount) in page_text(page)
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
        assert amount in page_text(page)
    return Shown(
        clicks=int(digits(figure["Clicks"])),
        conversions=int(digits(figure["Conversions"])),
        sales=digits(figure["Sales"]),
        commission=digits(figure["Earnings"]),
        paid=balance.paid.plain(),
        due=balance.due.plain(),
    )


def in_portal(cast: Cast, enrollment: Enrollment) -> Shown:
    user = user_for_proven_address(email=enrollment.member.email, now=cast.now)
    assert user is not None
    creator = Client()
    creator.force_login(user)
    page = creator.get("/portal/")
    lines = [line for group in page.context["page"].brands for line in group.lines]
    [row] = [line.offer for line in lines if line.offer.enrollment.pk == enrollment.pk]
    assert money(row.earned) in page_text(page)
    assert row.due.minor <= 0 or money(row.due) in page_text(page)
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
