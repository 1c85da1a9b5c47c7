"""Codes that leaked: when they are named, and replacing them with grace."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry
from notifications.models import Message
from tests.cast import NOW, SYSTEM, Cast
from tests.tracking.flags.selling import click_of, sell
from tests.tracking.orders.stating import stated
from tracking.flags.leaks import (
    CodeFacts,
    LeakError,
    dismiss_leak,
    find_leaks,
    is_suspicious,
    leak,
    leak_sentence,
    open_leaks,
)
from tracking.links.items import ItemError
from tracking.links.promo_codes import GraceError, change_grace, codes_in_grace, give_codes
from tracking.models import Conversion, LeakedCode, PromoCode, TrackingLink
from tracking.orders.attribution import attribute, load_evidence
from tracking.outreach.replacing_codes import replace_leaked_code

LEAKED = CodeFacts(10, 0, 10, 3, ("a.example", "b.example", "a.example"))


@pytest.mark.parametrize(
    ("changes", "is_leaked"),
    [
        ({}, True),
        ({"recent": 9}, False),
        ({"before": 9}, False),
        ({"before_clicked": 2}, False),  # there never were many clicks
        ({"recent": 20, "recent_clicked": 1}, True),
        ({"recent": 19, "recent_clicked": 1}, False),  # more than one in twenty still clicks
        ({"foreign": ("a.example", "b.example")}, False),
    ],
)
def test_a_code_is_named_above_every_limit(changes: dict[str, Any], is_leaked: bool) -> None:
    code = replace(LEAKED, **changes)

    assert (leak(code) is not None) == is_leaked
    assert is_suspicious(code) or not is_leaked


@pytest.fixture
def leaked(at_juniper: Cast) -> LeakedCode:
    """Mara's code, whose shoppers clicked before and come from elsewhere now."""
    link = TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)
    for number in range(10):
        at = NOW - timedelta(days=30, minutes=number)
        click_id = click_of(link, at - timedelta(hours=1)) if number < 4 else ""
        sell(f"before-{number}", ordered_at=at.isoformat(), click_id=click_id,
             referrer="https://mara.example/")  # fmt: skip
    for number in range(12):
        host = ("deals.example", "mara.example", "shop.juniper.example")[number % 3]
        at = NOW - timedelta(days=2, minutes=number)
        sell(f"now-{number}", ordered_at=at.isoformat(), referrer=f"https://{host}/x")
    assert find_leaks(now=NOW) == 1
    return LeakedCode.objects.get()


def replace_it(leaked: LeakedCode, **changes: Any) -> Any:
    given = {"new_code": "MARA16", "grace_days": 14, "mails": True, **changes}
    return replace_leaked_code(leaked=leaked, by=SYSTEM, now=NOW, **given)


def test_a_leaked_code_is_named_once_with_its_figures(leaked: LeakedCode) -> None:
    assert find_leaks(now=NOW) == 0
    assert [row.promo_code.code for row in open_leaks()] == ["MARA15"]
    assert leaked.evidence["hosts"][0] == "deals.example"
    assert leak_sentence(leaked).startswith(
        "12 orders used it in 14 days, 0 of them after a click; in the 60 days before it was 4 of"
        " 10."
    )


def test_the_new_code_works_at_once_and_the_old_one_for_some_days(
    leaked: LeakedCode, at_juniper: Cast
) -> None:
    replaced = replace_it(leaked)

    ends_at = NOW + timedelta(days=14)
    codes = PromoCode.objects.filter(enrollment=at_juniper.mara_in_glow).order_by("pk")
    assert [(row.code, row.is_in_use, row.works_until(NOW)) for row in codes] == [
        ("MARA15", False, ends_at),
        ("MARA16", True, None),
    ]
    assert codes_in_grace([at_juniper.mara_in_glow.pk], now=NOW)[
        at_juniper.mara_in_glow.pk
    ].code == "MARA15"  # fmt: skip
    assert codes_in_grace([at_juniper.mara_in_glow.pk], now=ends_at) == {}
    assert replaced.is_mailed
    assert Message.objects.get().values["promo_code"] == "MARA16"
    leaked.refresh_from_db()
    assert (leaked.state, leaked.reason) == ("replaced", "Replaced by MARA16.")


@pytest.mark.parametrize(
    ("days", "code", "counts"),
    [(13, "MARA15", True), (14, "MARA15", False), (1, "MARA16", True), (20, "MARA16", True)],
)
def test_orders_are_credited_until_the_grace_is_over(
    leaked: LeakedCode, days: int, code: str, counts: bool
) -> None:
    replace_it(leaked)
    at = (NOW + timedelta(days=days)).isoformat()
    sale = stated("later", ordered_at=at, promo_codes=[code])

    found = attribute(sale, load_evidence([sale], source="api"))

    assert (found.winner is not None) == counts


@pytest.mark.parametrize(
    ("until", "counted_days"),
    [(None, 5), (NOW + timedelta(days=8), 8), (NOW + timedelta(days=40), 40)],
)
def test_the_end_of_a_replaced_code_is_changed_later(
    leaked: LeakedCode, at_juniper: Cast, until: datetime | None, counted_days: int
) -> None:
    """Orders from before the end stay credited, also those that come later."""
    replace_it(leaked)
    now = NOW + timedelta(days=5)
    change_grace(code=leaked.promo_code, until=until, by=SYSTEM, now=now)

    for days, counts in ((counted_days - 1, True), (counted_days, False)):
        at = NOW + timedelta(days=days)
        sale = stated(f"{days}", ordered_at=at.isoformat(), promo_codes=["MARA15"])
        found = attribute(sale, load_evidence([sale], source="api"))
        assert (found.winner is not None) == counts, days
    entry = AuditEntry.objects.filter(action__startswith="code.grace").get()
    assert entry.detail["worked_until"] == (NOW + timedelta(days=14)).isoformat()


@pytest.mark.parametrize(
    ("code", "days_later", "until"),
    [
        ("MARA15", 1, NOW + timedelta(days=1)),  # a moment that is past, or now
        ("MARA15", 1, NOW + timedelta(days=62)),
        ("MARA15", 14, None),  # it has ended
        ("MARA16", 1, None),  # it is in use
    ],
)
def test_an_end_that_can_not_be_is_refused(
    leaked: LeakedCode, code: str, days_later: int, until: datetime | None
) -> None:
    replace_it(leaked)
    row = PromoCode.objects.get(code=code)

    with pytest.raises(GraceError):
        change_grace(code=row, until=until, by=SYSTEM, now=NOW + timedelta(days=days_later))
    assert PromoCode.objects.get(code=code).deactivated_at == row.deactivated_at


def test_nobody_else_gets_the_code_during_the_grace(leaked: LeakedCode, at_juniper: Cast) -> None:
    replace_it(leaked)

    with pytest.raises(ItemError, match="works for someone else until"):
        give_codes(
            codes={at_juniper.june_in_glow.pk: "MARA15"},
            enrollments=[at_juniper.june_in_glow],
            may_reuse=["MARA15"],
            by=SYSTEM,
            now=NOW,
        )


@pytest.mark.parametrize(
    "changes",
    [{"grace_days": 0}, {"grace_days": 61}, {"new_code": "mara15"}, {"new_code": "DIEGO10"}],
)
def test_what_cannot_be_replaced_changes_nothing(
    leaked: LeakedCode, changes: dict[str, Any]
) -> None:
    with pytest.raises((GraceError, ItemError)):
        replace_it(leaked, **changes)

    assert LeakedCode.objects.get().state == "open"
    assert PromoCode.objects.get(code="MARA15").is_in_use
    assert Message.objects.count() == 0


def test_a_code_is_replaced_once(leaked: LeakedCode) -> None:
    replace_it(leaked)

    with pytest.raises((GraceError, LeakError)):
        replace_it(leaked, new_code="MARA17")
    assert PromoCode.objects.filter(code="MARA17").count() == 0


def test_a_code_that_did_not_leak_stays(leaked: LeakedCode) -> None:
    with pytest.raises(LeakError):
        dismiss_leak(leaked=leaked, reason=" ", by=SYSTEM, now=NOW)
    dismiss_leak(leaked=leaked, reason="A newsletter.", by=SYSTEM, now=NOW)

    assert list(open_leaks()) == []
    assert find_leaks(now=NOW) == 0
    assert PromoCode.objects.get(code="MARA15").is_in_use
    assert Conversion.objects.exclude(status="accepted").count() == 0
