"""Terms that have not begun can be withdrawn or replaced; PostgreSQL refuses it once they count."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry, OutboxEntry
from offers.models import Terms, WithdrawnTerms
from offers.selectors import terms_of
from offers.services import supersede_terms, withdraw_terms
from offers.terms import OfferError, TermsValues
from tests.architecture.rows import check_references_now
from tests.cast import SYSTEM, Cast, order
from tests.following import follow_link
from tracking.commissions.click_earnings import credit_clicks
from tracking.models import ClickEarning, Conversion, TrackingLink
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")

SOON = timedelta(days=10)


@pytest.fixture
def now() -> datetime:
    """What has begun, PostgreSQL decides by its own clock: so it is the real one."""
    return timezone.now()


@pytest.fixture
def planned(cast: Cast, now: datetime) -> Terms:
    """Version 2 of Glow's terms, with a typo."""
    return plan(cast, now, percent_bp=9_000)


def plan(
    cast: Cast,
    now: datetime,
    *,
    percent_bp: int,
    ahead: timedelta = SOON,
    replaced: Terms | None = None,
) -> Terms:
    return supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=percent_bp, per_click_minor=5),
        starts_at=now + ahead,
        replaced=replaced,
        by=SYSTEM,
        now=now,
    )


def earn(cast: Cast, day: datetime) -> Conversion:
    """An order of Mara's is recorded on that day."""
    placed = order(ordered_at=day.isoformat())
    record_order(source="shop", order=placed, by=SYSTEM, now=day)
    return Conversion.objects.select_related("terms").get()


def run(statement: str, pk: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [pk])
        check_references_now()


def test_a_planned_version_is_withdrawn_and_stays_readable(
    cast: Cast, planned: Terms, now: datetime
) -> None:
    number = planned.pk

    withdraw_terms(terms=planned, by=SYSTEM, now=now)

    assert [terms.version for terms in terms_of(cast.glow).versions] == [1]
    kept = WithdrawnTerms.objects.get()
    assert (kept.version, kept.percent_bp, kept.number_as_terms) == (2, 9_000, number)
    assert (kept.withdrawn_at, kept.withdrawn_by) == (now, SYSTEM.label)
    entry = AuditEntry.objects.get(action="terms.withdrawn")
    assert entry.target == f"terms:{number}"
    assert entry.detail == {"offer": cast.glow.pk, "version": 2}
    told = OutboxEntry.objects.get(event="terms.withdrawn")
    assert told.target == f"terms:{number}"
    assert earn(cast, now + SOON).terms.version == 1


def test_a_version_number_is_never_used_again(cast: Cast, planned: Terms, now: datetime) -> None:
    withdraw_terms(terms=planned, by=SYSTEM, now=now)

    assert plan(cast, now, percent_bp=900).version == 3


def test_a_replaced_version_gives_way_to_the_new_one(
    cast: Cast, planned: Terms, now: datetime
) -> None:
    new = plan(cast, now, percent_bp=900, ahead=timedelta(days=5), replaced=planned)

    assert [terms.version for terms in terms_of(cast.glow).versions] == [1, 3]
    assert WithdrawnTerms.objects.get().version == 2
    assert earn(cast, now + timedelta(days=6)).terms == new


def test_a_version_between_others_is_replaced_where_it_stands(
    cast: Cast, planned: Terms, now: datetime
) -> None:
    plan(cast, now, percent_bp=1_500, ahead=2 * SOON)
    with pytest.raises(OfferError, match="must start before version 3, which is planned"):
        plan(cast, now, percent_bp=900, ahead=2 * SOON, replaced=planned)

    plan(cast, now, percent_bp=900, ahead=SOON, replaced=planned)

    history = terms_of(cast.glow)
    assert [terms.version for terms in history.versions] == [1, 4, 3]
    assert history.at(now + SOON).percent_bp == 900
    assert history.at(now + 2 * SOON).percent_bp == 1_500
    day = now + SOON + timedelta(hours=1)
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    follow_link(slug=slug, user_agent="Mozilla/5.0 (X11)", referrer="", now=day)
    credit_clicks(now=day)
    assert ClickEarning.objects.get().terms.version == 4


def test_a_version_that_has_begun_is_not_withdrawn(cast: Cast, now: datetime) -> None:
    [first] = terms_of(cast.glow).versions
    begun = plan(cast, now, percent_bp=900, ahead=timedelta(seconds=-1))

    for terms in (first, begun):
        with pytest.raises(OfferError, match="has begun: add new terms"):
            withdraw_terms(terms=terms, by=SYSTEM, now=now)
        with pytest.raises(ProgrammingError, match="Cannot update or delete rows"):
            run("DELETE FROM offers_terms WHERE id = %s", terms.pk)

    assert terms_of(cast.glow).versions == (first, begun)
    assert not WithdrawnTerms.objects.exists()


def test_a_planned_version_is_never_changed(planned: Terms) -> None:
    with pytest.raises(ProgrammingError, match="Cannot update rows"):
        run("UPDATE offers_terms SET percent_bp = 900 WHERE id = %s", planned.pk)


def test_a_version_that_an_order_names_is_not_withdrawn(
    cast: Cast, planned: Terms, now: datetime
) -> None:
    """A shop whose clock is ahead can place an order under terms before they begin with us."""
    earn(cast, now + SOON)

    with pytest.raises(OfferError, match="something was earned under version 2"):
        withdraw_terms(terms=planned, by=SYSTEM, now=now)
    with pytest.raises(IntegrityError, match="tracking_conversion"):
        run("DELETE FROM offers_terms WHERE id = %s", planned.pk)

    assert terms_of(cast.glow).latest == planned
    assert not WithdrawnTerms.objects.exists()


def test_a_version_that_clicks_earned_under_is_not_withdrawn(
    cast: Cast, planned: Terms, now: datetime
) -> None:
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    follow_link(slug=slug, user_agent="Mozilla/5.0 (X11)", referrer="", now=now + SOON)
    credit_clicks(now=now + SOON)

    with pytest.raises(IntegrityError, match="tracking_clickearning"):
        run("DELETE FROM offers_terms WHERE id = %s", planned.pk)


def test_withdrawing_twice_is_refused(planned: Terms, now: datetime) -> None:
    again = Terms.objects.get(pk=planned.pk)
    withdraw_terms(terms=planned, by=SYSTEM, now=now)

    with pytest.raises(OfferError, match="was withdrawn already"):
        withdraw_terms(terms=again, by=SYSTEM, now=now)
