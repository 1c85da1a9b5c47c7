"""Where conversions came from: the same, whichever comes first, the order or its click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from itertools import permutations
from random import Random

import pytest
from django.db import connection
from django.db.models import Q

from accounts.models import Brand
from core.kept_sums import fold_all
from core.tenancy import acting_for
from offers.models import Enrollment
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tests.clicks import click_line, store
from tracking.figures.by_source import figures_of_links, links_of_offers
from tracking.figures.metrics import DateRange
from tracking.links import click_ids
from tracking.links.conversion_sources import find_missed_clicks
from tracking.models import (
    Click,
    Conversion,
    ConversionSource,
    DailyTotal,
    LinkTotal,
    OfferSource,
    SourceTotal,
    TrackingLink,
)
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund, undo_refund
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

CLICKED_AT = NOW - timedelta(hours=2)
SALE = 8_420
COMMISSION = 842  # 10 %
Sums = dict[tuple[int, str, str], tuple[int, int, int]]


@pytest.fixture
def link(at_juniper: Cast) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)


def of_conversions() -> Sums:
    """Conversions, sales and commission by enrollment, dimension and value; without zeros."""
    return {
        (row.enrollment_id, row.dimension, row.value): (
            row.conversions,
            row.sales_minor,
            row.commission_minor,
        )
        for row in SourceTotal.objects.all()
        if row.conversions or row.sales_minor or row.commission_minor
    }


def expected(
    enrollment: Enrollment | int, link: TrackingLink, figures: tuple[int, int, int]
) -> Sums:
    owner = enrollment if isinstance(enrollment, int) else enrollment.pk
    values = {
        "link": str(link.pk), "sub1": "youtube", "referrer": "a.example", "country": "DE",
        "device": "phone",
    }  # fmt: skip
    return {(owner, dimension, value): figures for dimension, value in values.items()}


def line(link: TrackingLink, click_id: str, clicked_at: datetime = CLICKED_AT) -> str:
    return click_line(
        link, click_id=click_id, clicked_at=clicked_at, sub_ids=("youtube",),
        referrer_host="a.example", country="DE",
    )  # fmt: skip


def check(cast: Cast) -> None:
    assert list(differences(Brand.objects.get(pk=cast.juniper.pk))) == []


def test_order_and_click_in_every_sequence(cast: Cast, link: TrackingLink) -> None:
    """Also with the refund before, between and after them."""
    found = []
    for number, sequence in enumerate(permutations(("order", "click", "refund"))):
        SourceTotal.objects.all().delete()
        OfferSource.objects.all().delete()
        click_id = click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)
        name = f"{number}"
        acts: dict[str, Callable[[], object]] = {
            "order": lambda name=name, click_id=click_id: record_order(  # type: ignore[misc]
                source="api", order=order(name, promo_code=None, click_id=click_id), by=SYSTEM,
                now=NOW,
            ),
            "click": lambda click_id=click_id: store(line(link, click_id)),  # type: ignore[misc]
            "refund": lambda name=name: record_refund(  # type: ignore[misc]
                source="api", refund=refund(f"R{name}", name), by=SYSTEM, now=NOW
            ),
        }  # fmt: skip
        for act in sequence:
            acts[act]()
        found.append(of_conversions())

    one = expected(link.enrollment_id, link, (1, SALE - 1_000, COMMISSION - 100))
    assert found == [one] * 6


def test_a_code_that_wins_over_the_members_own_click_keeps_the_source(
    cast: Cast, link: TrackingLink
) -> None:
    click_id = click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)
    store(line(link, click_id))

    record_order(source="api", order=order("1", click_id=click_id), by=SYSTEM, now=NOW)
    record_order(source="api", order=order("2"), by=SYSTEM, now=NOW)

    assert of_conversions() == expected(link.enrollment_id, link, (1, SALE, COMMISSION))
    check(cast)


def test_an_order_whose_click_was_lost_counts_for_its_link(cast: Cast, link: TrackingLink) -> None:
    click_id = click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)

    record_order(
        source="api", order=order("1", promo_code=None, click_id=click_id), by=SYSTEM, now=NOW
    )

    assert of_conversions() == {
        (link.enrollment_id, "link", str(link.pk)): (1, SALE, COMMISSION),
    }
    assert Conversion.objects.get().evidence == "click"
    check(cast)


def test_an_order_and_a_click_of_the_same_moment_find_each_other_later(
    cast: Cast, link: TrackingLink
) -> None:
    """Neither transaction sees what the other one has not committed."""
    click_id = click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)
    record_order(
        source="api", order=order("1", promo_code=None, click_id=click_id), by=SYSTEM, now=NOW
    )
    store(line(link, click_id))
    ConversionSource.objects.update(is_known=False)
    SourceTotal.objects.exclude(dimension="link").update(
        conversions=0, sales_minor=0, commission_minor=0
    )
    assert len(list(differences(cast.juniper))) == 1

    assert find_missed_clicks(now=NOW) == 1
    assert find_missed_clicks(now=NOW) == 0

    assert of_conversions() == expected(link.enrollment_id, link, (1, SALE, COMMISSION))
    check(cast)


def test_rejecting_sharing_and_taking_back(cast: Cast, link: TrackingLink) -> None:
    click_id = click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)
    store(line(link, click_id))
    stated = order("1", promo_code=None, click_id=click_id)
    result = record_order(source="api", order=stated, by=SYSTEM, now=NOW)
    assert result.conversion_id is not None
    conversion = Conversion.objects.get(pk=result.conversion_id)

    reject_conversions(conversion_ids=[conversion.pk], reason="no", by=SYSTEM, now=NOW)
    assert of_conversions() == {}
    accept_conversions(conversion_ids=[conversion.pk], by=SYSTEM, now=NOW)
    half = [Share(cast.mara_in_glow, 5_000), Share(cast.diego_in_glow, 5_000)]
    share_order(order_id=conversion.order_id, shares=half, reason="both", by=SYSTEM, now=NOW)
    assert of_conversions() == expected(link.enrollment_id, link, (1, SALE // 2, COMMISSION // 2))
    all_of_it = [Share(cast.diego_in_glow, 10_000)]
    share_order(order_id=conversion.order_id, shares=all_of_it, reason="his", by=SYSTEM, now=NOW)

    assert of_conversions() == {}
    check(cast)


class History:
    """Random acts around some orders with clicks, of which some are stored late or never."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.random = cast, Random(seed)
        self.links = list(TrackingLink.objects.order_by("pk"))
        self.orders = self.refunds = 0
        self.late: list[str] = []

    def click(self) -> str:
        link = self.random.choice(self.links)
        clicked_at = NOW - timedelta(seconds=self.random.randrange(20 * 86_400))
        click_id = click_ids.make(link_id=link.pk, clicked_at=clicked_at)
        one = click_line(
            link,
            click_id=click_id,
            clicked_at=clicked_at,
            kind=self.random.choice(["visit", "visit", "visit", "robot", "inactive"]),
            visitor=self.random.choice([None, 1, 2, 3]),
            sub_ids=(self.random.choice(["", "a", "b"]), self.random.choice(["", "c"])),
            referrer_host=self.random.choice(["", "a.example", "b.example"]),
            country=self.random.choice(["", "DE", "FR"]),
            device=self.random.choice(["phone", "computer"]),
        )
        if self.random.random() < 0.5:
            store(one)
        else:
            self.late.append(one)
        return click_id

    def order(self) -> None:
        self.orders += 1
        self.state(str(self.orders), self.click() if self.random.random() < 0.8 else None)

    def state(self, name: str, click_id: str | None) -> None:
        stated = order(
            name,
            click_id=click_id,
            promo_code=self.random.choice([None, "MARA15"]),
            amount=str(self.random.randrange(1, 300)),
            payment_status=self.random.choice(["paid", "paid", "pending", "voided"]),
        )
        record_orders(source="api", orders=[stated], revising=True, by=SYSTEM, now=NOW)

    def refund(self) -> None:
        self.refunds += 1
        name = str(self.random.randint(1, self.orders + 1))
        facts = refund(f"R{self.refunds}", name, amount=str(self.random.randrange(1, 400)))
        record_refund(source="api", refund=facts, by=SYSTEM, now=NOW)

    def undo(self) -> None:
        undo_refund(
            source="api", external_id=f"R{self.random.randint(1, self.refunds + 1)}", by=SYSTEM,
            now=NOW,
        )  # fmt: skip

    def decide(self) -> None:
        ids = list(Conversion.objects.order_by("pk").values_list("pk", flat=True))
        some = [pk for pk in ids if self.random.random() < 0.4]
        if self.random.random() < 0.5:
            reject_conversions(conversion_ids=some, reason="no", by=SYSTEM, now=NOW)
        else:
            accept_conversions(conversion_ids=some, by=SYSTEM, now=NOW)

    def share(self) -> None:
        whole = Conversion.objects.filter(share_bp__gt=0).exclude(decision="rejected")
        found = list(whole.order_by("pk").values_list("order", flat=True))
        first = self.random.choice([0, 3_333, 5_000, 10_000])
        pair = (self.cast.mara_in_glow, first), (self.cast.diego_in_glow, 10_000 - first)
        shares = [Share(one, share_bp) for one, share_bp in pair if share_bp]
        rejected = set(
            Conversion.objects.filter(share_bp__gt=0, decision="rejected").values_list(
                "order", flat=True
            )
        )
        if found := [one for one in found if one not in rejected]:
            order_id = self.random.choice(found)
            share_order(order_id=order_id, shares=shares, reason="x", by=SYSTEM, now=NOW)

    def late_clicks(self) -> None:
        self.random.shuffle(self.late)
        while self.late and self.random.random() < 0.7:
            store(self.late.pop())

    def run(self, acts: int) -> None:
        self.order()
        for _ in range(acts):
            act = self.random.choice(
                [self.order, self.order, self.refund, self.undo, self.decide, self.share,
                 self.late_clicks, self.click]
            )  # fmt: skip
            act()


@pytest.mark.parametrize("seed", range(6))
def test_totals_are_what_reconcile_computes_after_any_history(cast: Cast, seed: int) -> None:
    with acting_for(cast.juniper):
        history = History(cast, seed)
        history.run(40)
        check(cast)
        if history.late:
            store(*history.late)
        check(cast)
        every = Conversion.objects.order_by("pk").values_list("pk", flat=True)
        accept_conversions(conversion_ids=list(every), by=SYSTEM, now=NOW)
        check(cast)

        assert DailyTotal.objects.exists()
        assert Click.objects.count() > 5
        assert ConversionSource.objects.filter(is_known=True).exists()
        below = Q(clicks__lt=0) | Q(visitors__lt=0) | Q(conversions__lt=0) | Q(sales_minor__lt=0)
        assert not SourceTotal.objects.filter(below).exists()


def test_the_figures_of_all_days_are_added_up_once(cast: Cast, link: TrackingLink) -> None:
    """The migration may run twice, and beside writers."""
    add_up = import_module("tracking.migrations.0028_add_up_links").ADD
    store(line(link, click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)))
    LinkTotal.objects.all().delete()
    store(line(link, click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)))

    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(add_up)
    assert figures_of_links({link.pk: "GBP"})[link.pk].clicks == 2
    check(cast)
    LinkTotal.objects.all().delete()
    assert any("all days of link" in str(one) for one in differences(cast.juniper))


def test_a_link_whose_only_sale_was_taken_back_has_no_row(cast: Cast, link: TrackingLink) -> None:
    click_id = click_ids.make(link_id=link.pk, clicked_at=CLICKED_AT)
    record_order(
        source="api", order=order("1", promo_code=None, click_id=click_id), by=SYSTEM, now=NOW
    )
    assert len(links_of_offers([cast.glow.pk]).rows) == 1
    reject_conversions(
        conversion_ids=[Conversion.objects.get().pk], reason="no", by=SYSTEM, now=NOW
    )

    day = DateRange(NOW.date(), NOW.date())
    assert links_of_offers([cast.glow.pk]).rows == ()
    assert links_of_offers([cast.glow.pk], period=day).rows == ()
    fold_all(now=NOW)
    assert links_of_offers([cast.glow.pk]).rows == ()
