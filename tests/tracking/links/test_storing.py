"""Batches of clicks, stored once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.models import Brand
from core.tenancy import across_brands, acting_for
from tests.cast import NOW, SYSTEM, Cast
from tests.clicks import batch_of, click_line, store
from tracking.links import click_ids
from tracking.links.click_lines import FIELDS, ClickLines, escaped, line_of
from tracking.links.partitions import month_after, months_kept
from tracking.links.storing import MAX_AGE, MAX_AHEAD, Stored, store_batches
from tracking.links.tracking_links import give_links
from tracking.models import (
    SOURCE_FIGURES,
    Click,
    ClickBatch,
    DailyTotal,
    LinkTotal,
    OfferDay,
    OfferSource,
    RefusedClicks,
    SourceTotal,
    TrackingLink,
)

DAY = timedelta(days=1)


@pytest.fixture
def link(at_juniper: Cast) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)


def sources(**only: Any) -> dict[tuple[str, str], tuple[int, int]]:
    """Clicks and visitors by dimension and value."""
    rows = SourceTotal.objects.filter(**only)
    return {(row.dimension, row.value): (row.clicks, row.visitors) for row in rows}


def test_a_click_is_stored_with_all_that_its_line_says(cast: Cast, link: TrackingLink) -> None:
    click_id = click_ids.make(link_id=link.pk, clicked_at=NOW)
    moment = NOW.replace(microsecond=123_457)
    line = line_of(
        link_id=link.pk,
        click_id=click_id,
        clicked_at=moment,
        kind="visit",
        visitor=2**63 - 1,
        user_agent="a\tb\\c\nd\x00\ud800é",
        referrer_host="Blog.Example",
        sub_ids=("youtube", "", "x" * 61),
        country="DE",
        device="tablet",
        landing="gclid",
        returning=True,
    )

    assert store(line) == Stored(batches=1, clicks=1)

    click = Click.objects.get()
    assert {name: getattr(click, name) for name in FIELDS} == {
        "link_id": link.pk,
        "click_id": click_id,
        "clicked_at": moment,
        "kind": "visit",
        "visitor": 2**63 - 1,
        "user_agent": "a\tb\\c\nd\ufffdé",
        "referrer_host": "blog.example",
        "sub1": "youtube",
        "sub2": "",
        "sub3": "x" * 60,
        "sub4": "",
        "sub5": "",
        "country": "DE",
        "device": "tablet",
        "landing": "gclid",
        "returning": True,
    }
    assert (click.brand_id, click.enrollment_id) == (cast.juniper.pk, link.enrollment_id)


@pytest.mark.parametrize("text", ["", "plain", "\\N", "\\.", "a\\", "\t\r\n\\t", "\x00", "ä€😀"])
def test_every_text_comes_back_as_it_was(link: TrackingLink, text: str) -> None:
    store(click_line(link, user_agent=text), click_line(link))

    found = Click.objects.order_by("user_agent").values_list("user_agent", flat=True)
    assert list(found) == ["", text.replace("\x00", "")]
    assert "\n" not in escaped(text)


def test_totals_of_a_day_and_of_each_source(link: TrackingLink) -> None:
    lines = [
        click_line(link, visitor=1, referrer_host="a.example", sub_ids=("x",), country="DE"),
        click_line(link, visitor=1, sub_ids=("x", "y")),
        click_line(link, visitor=2, sub_ids=("z",), device="computer"),
        click_line(link, visitor=None),
        *(click_line(link, kind=kind) for kind in ("robot", "preview", "prefetch", "head")),
        click_line(link, kind="inactive"),
    ]

    store(*lines)

    assert sources() == {
        ("link", str(link.pk)): (4, 2),
        ("sub1", "x"): (2, 1),
        ("sub1", "z"): (1, 1),
        ("sub2", "y"): (1, 1),
        ("referrer", "a.example"): (1, 1),
        ("referrer", ""): (3, 2),
        ("country", "DE"): (1, 1),
        ("device", "phone"): (3, 1),
        ("device", "computer"): (1, 1),
    }
    [of_link] = SourceTotal.objects.filter(dimension="link")
    assert (of_link.robots, of_link.inactive) == (4, 1)
    [all_days] = LinkTotal.objects.filter(link=link)
    assert [getattr(all_days, name) for name in SOURCE_FIGURES] == [4, 2, 4, 1, 0, 0, 0]
    assert DailyTotal.objects.get().clicks == 4
    assert OfferDay.objects.get().clicks == 4
    of_offer = {(row.dimension, row.value): row.clicks for row in OfferSource.objects.all()}
    assert of_offer == {key: clicks for key, (clicks, _) in sources().items() if key[0] != "link"}


def test_a_visitor_counts_once_a_day_and_source_over_all_batches(link: TrackingLink) -> None:
    store(click_line(link, visitor=1, sub_ids=("x",)))
    store(click_line(link, visitor=1, sub_ids=("x",)), click_line(link, visitor=2))
    store(click_line(link, visitor=1, sub_ids=("y",), clicked_at=NOW - timedelta(minutes=1)))
    store(click_line(link, visitor=1, sub_ids=("x",), clicked_at=NOW - DAY))

    today = {"day": NOW.date()}
    assert sources(**today, dimension="link") == {("link", str(link.pk)): (4, 2)}
    assert sources(**today, dimension="sub1") == {("sub1", "x"): (2, 1), ("sub1", "y"): (1, 1)}
    assert sources(day=NOW.date() - DAY, dimension="sub1") == {("sub1", "x"): (1, 1)}


def test_a_visitor_who_comes_all_day_long_costs_no_more_than_others(link: TrackingLink) -> None:
    """Otherwise one browser that never stops would hold up the clicks of everybody."""
    store(*[click_line(link, visitor=1) for _ in range(1_000)])
    before = clicks_read()

    store(*[click_line(link, visitor=1) for _ in range(2)])

    assert clicks_read() - before < 50
    assert sources(dimension="link") == {("link", str(link.pk)): (1_002, 1)}


def clicks_read() -> int:
    """How many rows of stored clicks this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read) FROM pg_stat_xact_user_tables"
            " WHERE relname LIKE 'tracking_click%'"
        )
        [(number,)] = cursor.fetchall()
    return int(number)


def test_a_visitor_of_two_members_counts_for_each(at_juniper: Cast, link: TrackingLink) -> None:
    other = TrackingLink.objects.get(enrollment=at_juniper.diego_in_glow)

    store(click_line(link), click_line(other))

    rows = SourceTotal.objects.filter(dimension="link").order_by("enrollment")
    assert {(row.enrollment_id, row.visitors) for row in rows} == {
        (link.enrollment_id, 1),
        (other.enrollment_id, 1),
    }


def test_a_batch_is_stored_once_however_often_it_is_sent(link: TrackingLink) -> None:
    first, second = batch_of(click_line(link)), batch_of(click_line(link), click_line(link))

    assert store_batches([first, first], now=NOW) == Stored(1, 1)
    assert store_batches([second, first], now=NOW) == Stored(1, 2)
    assert store_batches([first, second], now=NOW) == Stored(0, 0)

    assert (Click.objects.count(), DailyTotal.objects.get().clicks) == (3, 3)
    assert ClickBatch.objects.count() == 2


def test_a_click_in_two_batches_is_stored_once(link: TrackingLink) -> None:
    line = click_line(link)

    store(line)
    again = store(line, click_line(link), line)

    assert again == Stored(batches=1, clicks=1)
    assert (Click.objects.count(), DailyTotal.objects.get().clicks) == (2, 2)
    assert RefusedClicks.objects.count() == 0


def test_clicks_of_two_brands_come_in_one_batch(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        give_links(enrollments=[cast.june_in_tide], by=SYSTEM, now=NOW)
    with across_brands(reason="a test"):
        links = list(TrackingLink.objects.order_by("pk"))
    assert len({one.brand_id for one in links}) == 2

    store(*(click_line(one) for one in links))

    for brand in Brand.objects.all():
        with acting_for(brand):
            own = {one.pk for one in links if one.brand_id == brand.pk}
            assert set(Click.objects.values_list("link", flat=True)) == own
            assert DailyTotal.objects.count() == len(own)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London"])
def test_the_day_is_the_brands(at_juniper: Cast, link: TrackingLink, zone: str) -> None:
    Brand.objects.filter(pk=at_juniper.juniper.pk).update(time_zone=zone)
    midnight = datetime(2026, 11, 20, 0, 0, tzinfo=ZoneInfo(zone))
    before = midnight - timedelta(microseconds=1)

    store(click_line(link, clicked_at=midnight), click_line(link, clicked_at=before))

    days = dict(DailyTotal.objects.values_list("day", "clicks"))
    assert days == {date(2026, 11, 19): 1, date(2026, 11, 20): 1}


def wrong_lines(link: TrackingLink) -> dict[str, bytes]:
    good = click_line(link).encode().rstrip(b"\n")

    def with_field(name: str, value: str) -> bytes:
        parts = good.split(b"\t")
        parts[FIELDS.index(name)] = value.encode()
        return b"\t".join(parts)

    return {
        "fields": good + b"\tmore",
        "too few": b"1\t2",
        "end of data": b"\\.",
        "not UTF-8": good.replace(b"phone", b"ph\xffne"),
        "link": with_field("link_id", "999999999"),
        "link's number": with_field("link_id", "x"),
        "large": with_field("visitor", str(2**63)),
        "kind": with_field("kind", "other"),
        "device": with_field("device", "watch"),
        "country": with_field("country", "deu"),
        "long": with_field("sub1", "x" * 61),
        "returning": with_field("returning", "maybe"),
        "null": with_field("kind", "\\N"),
        "long click id": with_field("click_id", "x" * 81),
    }


@pytest.mark.parametrize("name", sorted(wrong_lines(TrackingLink(pk=1))))
def test_a_wrong_line_is_kept_and_holds_up_no_other(link: TrackingLink, name: str) -> None:
    wrong = wrong_lines(link)[name]
    bad = ClickLines(batch_of().id, click_line(link).encode() + wrong + b"\n")
    bad = ClickLines(bad.id, bad.lines + click_line(link).encode())
    good = batch_of(click_line(link))

    assert store_batches([bad, good], now=NOW) == Stored(batches=2, clicks=3, refused=1)
    assert store_batches([bad, good], now=NOW) == Stored(0, 0)

    assert (Click.objects.count(), DailyTotal.objects.get().clicks) == (3, 3)
    kept = RefusedClicks.objects.get()
    assert (kept.batch, bytes(kept.lines), kept.number) == (bad.id, wrong, 1)
    assert kept.reason


@pytest.mark.parametrize("lines", [b"\x00", b"\n\n", b"", b"\\.\n\\.\n", b"\xff" * 2_000_000])
def test_nonsense_is_kept_and_holds_up_nothing(link: TrackingLink, lines: bytes) -> None:
    stored = store_batches([ClickLines(batch_of().id, lines), batch_of(click_line(link))], now=NOW)

    assert (stored.batches, stored.clicks) == (2, 1)
    assert Click.objects.count() == 1


@pytest.mark.parametrize(
    ("moment", "is_stored"),
    [
        (NOW - MAX_AGE, True),
        (NOW - MAX_AGE - timedelta(seconds=1), False),
        (NOW + MAX_AHEAD, True),
        (NOW + MAX_AHEAD + timedelta(seconds=1), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(9999, 12, 31, tzinfo=UTC), False),
    ],
)
def test_a_click_of_another_time_makes_no_partition(
    link: TrackingLink, moment: datetime, *, is_stored: bool
) -> None:
    before = months_kept()

    store(click_line(link, clicked_at=moment), click_line(link))

    assert Click.objects.filter(clicked_at=moment).exists() == is_stored
    assert Click.objects.count() == 1 + is_stored
    assert RefusedClicks.objects.count() == 1 - is_stored
    assert len(months_kept()) <= len(before) + 2


def test_the_ends_of_a_month_are_in_its_partition(link: TrackingLink) -> None:
    first = datetime(2026, 11, 1, tzinfo=UTC)
    moments = [first, first - timedelta(microseconds=1), first + timedelta(microseconds=1)]

    store(*(click_line(link, clicked_at=moment) for moment in moments))

    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, clicked_at FROM tracking_click")
        found = {moment: table for table, moment in cursor.fetchall()}
    assert [found[moment] for moment in moments] == [
        "tracking_click_2026_11", "tracking_click_2026_10", "tracking_click_2026_11",
    ]  # fmt: skip


def test_months_follow_each_other() -> None:
    assert month_after(date(2026, 12, 1)) == date(2027, 1, 1)
    assert month_after(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert month_after(date(2026, 11, 1), 26) == date(2029, 1, 1)
