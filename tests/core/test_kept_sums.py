"""Kept sums are exact at any moment, and nobody waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from core.kept_sums import fold_all
from core.tenancy import acting_for
from payouts.models import LedgerEntry, LedgerSum
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast
from tests.own_processes import MAX_WAIT_SECONDS


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[None]:
    with acting_for(cast.juniper):
        yield


def give(cast: Cast, minor: int) -> None:
    """Post so much to Mara."""
    adjust(
        enrollment=cast.mara_in_glow,
        currency="GBP",
        amount_minor=minor,
        note="Bonus",
        by=SYSTEM,
        now=NOW,
    )


def summand(cast: Cast, minor: int, *, days: int = 0) -> None:
    """One of Mara's that counts in so many days."""
    LedgerSum.objects.create(
        enrollment=cast.mara_in_glow,
        offer=cast.glow,
        member=cast.mara,
        currency="GBP",
        amount_minor=minor,
        available_at=NOW + timedelta(days=days),
    )


def summands() -> list[int]:
    return list(LedgerSum.objects.order_by("amount_minor").values_list("amount_minor", flat=True))


@pytest.mark.usefixtures("at_juniper")
def test_a_sum_is_exact_before_and_after_its_summands_are_folded(cast: Cast) -> None:
    for minor in (100, 250, -30):
        give(cast, minor)
    assert summands() == [-30, 100, 250]

    fold_all(now=NOW)
    assert summands() == [320]
    give(cast, 5)
    assert summands() == [5, 320]
    fold_all(now=NOW)

    assert summands() == [325]


@pytest.mark.usefixtures("at_juniper")
def test_what_adds_up_to_nothing_leaves_nothing(cast: Cast) -> None:
    give(cast, 100)
    give(cast, -100)

    fold_all(now=NOW)

    assert summands() == []


@pytest.mark.usefixtures("at_juniper")
def test_a_statement_writes_one_summand_for_each_key(cast: Cast) -> None:
    entries = [
        LedgerEntry(
            enrollment=enrollment,
            kind="adjustment",
            amount_minor=minor,
            currency="GBP",
            posted_at=NOW,
            available_at=NOW,
        )
        for enrollment, minor in (
            (cast.mara_in_glow, 1),
            (cast.mara_in_glow, 2),
            (cast.diego_in_glow, 4),
            (cast.june_in_glow, 8),
            (cast.june_in_glow, -8),
        )
    ]

    LedgerEntry.objects.bulk_create(entries)

    assert summands() == [3, 4]


@pytest.mark.usefixtures("at_juniper")
def test_what_does_not_count_yet_stays_apart_until_it_does(cast: Cast) -> None:
    give(cast, 100)
    for minor, days in ((10, 1), (20, 2), (40, 1)):
        summand(cast, minor, days=days)

    fold_all(now=NOW)
    assert summands() == [10, 20, 40, 100]
    fold_all(now=NOW + timedelta(days=1))
    assert summands() == [20, 150]
    fold_all(now=NOW + timedelta(days=2))

    assert summands() == [170]


@pytest.mark.django_db(transaction=True)
def test_brands_are_folded_apart(cast: Cast) -> None:
    for brand, enrollment in (
        (cast.juniper, cast.mara_in_glow),
        (cast.saltmarsh, cast.june_in_tide),
    ):
        with acting_for(brand):
            for minor in (1, 2):
                adjust(
                    enrollment=enrollment, currency="USD", amount_minor=minor, note="Bonus",
                    by=SYSTEM, now=NOW,
                )  # fmt: skip

    fold_all(now=NOW)

    for brand in (cast.juniper, cast.saltmarsh):
        with acting_for(brand):
            assert summands() == [3]


@pytest.mark.django_db(transaction=True)
def test_who_adds_to_a_sum_waits_for_nobody_and_folding_neither(cast: Cast) -> None:
    with acting_for(cast.juniper):
        give(cast, 1)
        with transaction.atomic():
            summand(cast, 10)
            elsewhere(lambda: summand(cast, 100), cast)
            elsewhere(lambda: fold_all(now=NOW), cast)
            assert summands() == [10, 101]

        assert summands() == [10, 101]
        fold_all(now=NOW)
        assert summands() == [111]


@pytest.mark.django_db(transaction=True)
def test_folding_beside_itself_and_beside_writers_loses_nothing(cast: Cast) -> None:
    jobs: list[Callable[[], object]] = []
    for number in range(24):
        jobs += [lambda minor=1 << number: give(cast, minor), lambda: fold_all(now=NOW)]  # type: ignore[misc]
    begin = Barrier(8)

    def work(mine: list[Callable[[], object]]) -> None:
        begin.wait(timeout=MAX_WAIT_SECONDS)
        with acting_for(cast.juniper):
            for job in mine:
                job()
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [jobs[place::8] for place in range(8)]))

    with acting_for(cast.juniper):
        assert sum(summands()) == (1 << 24) - 1
        give(cast, 1)
        fold_all(now=NOW)
        assert summands() == [1 << 24]


def elsewhere(job: Callable[[], object], cast: Cast) -> None:
    """Do it on a connection of its own, which waits for no lock longer than five seconds."""

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        try:
            with acting_for(cast.juniper):
                job()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()
