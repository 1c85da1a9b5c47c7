"""A release of payout details: PostgreSQL's constraints, payments on the way, waiting payments."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.codes import ExpiredCodeError
from accounts.models import AuditEntry, Brand, CodePurpose
from affiliates.models import Creator
from core.tenancy import across_brands, acting_for
from core.transactional_mail import TransactionalMailError
from payouts.destinations import bank_account
from payouts.details import change_details, details_by_member
from payouts.models import DetailsRelease, Payout, PayoutDetails, PayoutRun, PayoutState
from payouts.releases import (
    Released,
    ReleaseError,
    TakenBack,
    change_member_and_payments,
    release_details,
    sharing_of,
    take_back_release,
)
from payouts.run_files import bank_rows
from payouts.runs import confirm_run, draft_run, mark_run_paid
from payouts.services import mark_paid
from tests.architecture.rows import check_references_now
from tests.cast import IBAN, NOW, SYSTEM, Cast, assemble
from tests.journeys.busy_creator import prove
from tests.payouts.owing import earn
from tests.snapshot import snapshot
from tracking.reconciliation.differences import differences

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def june(cast: Cast) -> Creator:
    """June, whom no brand knows an account of."""
    creator = Creator.objects.get(email="june@okafor.example")
    for brand in (cast.juniper, cast.saltmarsh):
        take_back(creator, brand)
    return creator


def take_back(creator: Creator, brand: Brand) -> TakenBack | None:
    return take_back_release(creator=creator, brand=brand, by=SYSTEM, now=NOW)


def share(creator: Creator, *brands: Brand, code: uuid.UUID | None = None) -> Released:
    return release_details(
        creator=creator,
        brands=brands,
        code=code or prove(creator, CodePurpose.DETAILS_RELEASE, now=NOW),
        tell=lambda released: None,
        by=SYSTEM,
        now=NOW,
    )


def run_for_june(cast: Cast) -> PayoutRun:
    """A confirmed run that pays June £5."""
    with acting_for(cast.juniper):
        earn(cast.june_in_glow, 500)
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        return confirm_run(run=run, by=SYSTEM, now=NOW)


def states(cast: Cast) -> list[str]:
    with acting_for(cast.juniper):
        return list(Payout.objects.order_by("pk").values_list("state", flat=True))


def bank_file(cast: Cast, run: PayoutRun) -> list[list[str]]:
    with acting_for(cast.juniper):
        return list(bank_rows(run, by=SYSTEM, now=NOW))[1:]


def releases() -> int:
    with across_brands(reason="the test counts all"):
        return DetailsRelease.objects.count()


def told_of(brand: Brand, action: str) -> list[str]:
    with acting_for(brand):
        found = AuditEntry.objects.filter(action=f"member.payout_details_{action}")
        return list(found.order_by("pk").values_list("actor", flat=True))


# --- what waits, and what goes


def test_a_payment_waits_until_it_is_shared_with_that_brand(cast: Cast, june: Creator) -> None:
    run = run_for_june(cast)
    assert states(cast) == ["pending_info"]
    assert bank_file(cast, run) == []
    with acting_for(cast.juniper):
        assert details_by_member([cast.june]) == {}

    assert share(june, cast.saltmarsh).started == 0
    assert states(cast) == ["pending_info"]

    released = share(june, cast.juniper)

    assert ([brand.name for brand in released.brands], released.started) == (["Juniper & Co"], 1)
    assert states(cast) == ["processing"]
    assert IBAN in bank_file(cast, run)[0]
    assert told_of(cast.juniper, "released") == ["test"]
    with acting_for(cast.juniper):
        assert list(differences(cast.juniper)) == []


def test_what_was_taken_back_waits_again_unless_a_file_named_it(cast: Cast, june: Creator) -> None:
    share(june, cast.juniper)
    named, not_named = run_for_june(cast), run_for_june(cast)
    assert len(bank_file(cast, named)) == 1

    assert take_back(june, cast.juniper) == TakenBack(on_the_way=1)

    assert states(cast) == ["processing", "pending_info"]
    assert bank_file(cast, named) == bank_file(cast, not_named) == []
    assert told_of(cast.juniper, "taken_back")[-1:] == ["test"]
    with acting_for(cast.juniper):
        assert {run.state for run in PayoutRun.objects.all()} == {"processing"}
        mark_run_paid(run=named, reference="BACS", by=SYSTEM, now=NOW)
        assert list(differences(cast.juniper)) == []
    assert states(cast) == ["paid", "pending_info"]
    assert not take_back(june, cast.juniper)


def test_what_is_paid_stays_paid(cast: Cast, june: Creator) -> None:
    share(june, cast.juniper)
    run = run_for_june(cast)
    with acting_for(cast.juniper):
        mark_run_paid(run=run, reference="BACS", by=SYSTEM, now=NOW)

    take_back(june, cast.juniper)

    assert states(cast) == ["paid"]


def test_a_waiting_payment_may_have_been_paid_in_another_way(cast: Cast, june: Creator) -> None:
    run_for_june(cast)

    with acting_for(cast.juniper):
        mark_paid(payout=Payout.objects.get(), reference="cash", by=SYSTEM, now=NOW)

    assert states(cast) == ["paid"]
    assert share(june, cast.juniper).started == 0


def test_a_release_covers_the_details_as_they_are_kept(cast: Cast, june: Creator) -> None:
    share(june, cast.juniper)
    run = run_for_june(cast)

    other = bank_account(country="DE", holder="June", iban="DE02120300000000202051")
    change_details(
        creator=june, destination=other, code=prove(june, CodePurpose.PAYOUT_DETAILS, now=NOW),
        tell=lambda change: None, by=SYSTEM, now=NOW,
    )  # fmt: skip

    assert other.iban in bank_file(cast, run)[0]


def test_first_details_can_be_shared_as_they_are_saved(cast: Cast, june: Creator) -> None:
    PayoutDetails.objects.filter(creator=june).delete()
    run_for_june(cast)
    made = change_details(
        creator=june, destination=bank_account(country="DE", holder="June", iban=IBAN),
        code=prove(june, CodePurpose.PAYOUT_DETAILS, now=NOW), release_to=[cast.juniper],
        tell=lambda change: None, by=SYSTEM, now=NOW,
    )  # fmt: skip

    assert ([brand.slug for brand in made.released_to], made.started) == (["juniper"], 1)
    assert states(cast) == ["processing"]
    assert [one.is_released for one in sharing_of(june)] == [True, False]


def test_another_address_is_another_person(cast: Cast, june: Creator) -> None:
    """Staff give June's membership to somebody else's address: that person shared nothing."""
    share(june, cast.juniper)
    run = run_for_june(cast)

    with acting_for(cast.juniper):
        change_member_and_payments(
            member=cast.june, email="stranger@else.example", first_name="June",
            last_name="Okafor", by=SYSTEM, now=NOW,
        )  # fmt: skip

    assert states(cast) == ["pending_info"]
    assert bank_file(cast, run) == []
    assert [one.brand.slug for one in sharing_of(june) if one.is_released] == ["juniper"]
    assert take_back(june, cast.juniper)


# --- what releasing takes


@pytest.mark.parametrize("wrong", ["another's", "of another act", "spent", "stale", "unknown"])
def test_without_a_fresh_code_of_ones_own_nothing_is_shared(
    cast: Cast, june: Creator, wrong: str
) -> None:
    purpose, mara = CodePurpose.DETAILS_RELEASE, Creator.objects.get(email=cast.mara.email)
    code = {
        "another's": lambda: prove(mara, purpose, now=NOW),
        "of another act": lambda: prove(june, CodePurpose.PAYOUT_DETAILS, now=NOW),
        "spent": lambda: prove(june, purpose, now=NOW),
        "stale": lambda: prove(june, purpose, now=NOW - timedelta(minutes=10)),
        "unknown": uuid.uuid4,
    }[wrong]()
    if wrong == "spent":
        share(june, cast.saltmarsh, code=code)
    before = snapshot()

    with pytest.raises(ExpiredCodeError):
        share(june, cast.juniper, code=code)

    assert snapshot() == before


def test_nothing_is_shared_with_a_stranger_with_nobody_or_without_details(
    cast: Cast, june: Creator
) -> None:
    mara = Creator.objects.get(email=cast.mara.email)
    before = releases()
    for creator, brands in ((mara, [cast.saltmarsh]), (june, [])):
        code = prove(creator, CodePurpose.DETAILS_RELEASE, now=NOW)
        with pytest.raises(ReleaseError):
            share(creator, *brands, code=code)
    PayoutDetails.objects.filter(creator=june).delete()
    with pytest.raises(ReleaseError):
        share(june, cast.juniper)

    assert releases() == before


def test_nothing_is_shared_when_nobody_can_be_told(cast: Cast, june: Creator) -> None:
    code = prove(june, CodePurpose.DETAILS_RELEASE, now=NOW)
    before = snapshot()

    def fail(released: Released) -> None:
        raise TransactionalMailError

    with pytest.raises(TransactionalMailError):
        release_details(
            creator=june, brands=[cast.juniper], code=code, tell=fail, by=SYSTEM, now=NOW
        )

    assert snapshot() == before


# --- what PostgreSQL holds


def test_one_release_per_creator_and_brand_is_live(cast: Cast, june: Creator) -> None:
    share(june, cast.juniper)

    with (
        acting_for(cast.juniper),
        pytest.raises(IntegrityError, match="payouts_release_one_live"),
        transaction.atomic(),
    ):
        DetailsRelease.objects.create(creator=june, released_at=NOW)


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM payouts_detailsrelease",
     "UPDATE payouts_detailsrelease SET taken_back_at = NULL WHERE taken_back_at IS NOT NULL",
     "UPDATE payouts_detailsrelease SET released_at = released_at - interval '1 day'"],
)  # fmt: skip
def test_what_was_released_and_taken_back_is_history(june: Creator, change: str) -> None:
    with (
        pytest.raises(DatabaseError, match="stays as history"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_a_payment_is_not_on_its_way_without_a_release(cast: Cast, june: Creator) -> None:
    run_for_june(cast)

    with (
        acting_for(cast.juniper),
        pytest.raises(IntegrityError, match="payouts_payout_released"),
        transaction.atomic(),
    ):
        Payout.objects.update(state=PayoutState.PROCESSING)


@pytest.mark.parametrize("what", ["taken back before", "taken back meanwhile", "another brand's"])
def test_a_payment_is_not_on_its_way_by_a_release_that_is_not_live(
    cast: Cast, june: Creator, what: str
) -> None:
    run_for_june(cast)
    share(june, cast.saltmarsh)
    with acting_for(cast.saltmarsh):
        elsewhere = DetailsRelease.objects.get(taken_back_at=None)
    with acting_for(cast.juniper):
        over = DetailsRelease.objects.filter(creator=june).get()

    def go() -> None:
        if what == "taken back meanwhile":
            live = DetailsRelease.objects.create(creator=june, released_at=NOW)
            Payout.objects.update(state=PayoutState.PROCESSING, release=live)
            DetailsRelease.objects.filter(pk=live.pk).update(taken_back_at=LATER)
        else:
            release = over if what == "taken back before" else elsewhere
            Payout.objects.update(state=PayoutState.PROCESSING, release=release)
        check_references_now()

    with acting_for(cast.juniper), pytest.raises(IntegrityError) as refused, transaction.atomic():
        go()

    name = refused.value.__cause__.diag.constraint_name  # type: ignore[union-attr]
    assert name in {"payouts_payout_live_release", "payouts_payout_release_id_tenant_fk"}


# --- at one moment


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", ["confirming", "the file"])
def test_taking_back_while_a_run_is_confirmed_or_a_file_is_made(other: str) -> None:
    """In whatever order both run: a payment in a file is on the way, a waiting one is in none."""
    cast = assemble()
    june = Creator.objects.get(email="june@okafor.example")
    with acting_for(cast.juniper):
        earn(cast.june_in_glow, 500)
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        if other == "the file":
            confirm_run(run=run, by=SYSTEM, now=NOW)
    start, file = threading.Barrier(2), []

    def confirm_or_write() -> None:
        with acting_for(cast.juniper):
            if other == "confirming":
                confirm_run(run=run, by=SYSTEM, now=NOW)
            else:
                file.extend(list(bank_rows(run, by=SYSTEM, now=NOW))[1:])

    def in_a_thread(act: Callable[[], object]) -> threading.Thread:
        def run_it() -> None:
            start.wait()
            try:
                act()
            finally:
                connection.close()

        thread = threading.Thread(target=run_it)
        thread.start()
        return thread

    threads = [in_a_thread(confirm_or_write), in_a_thread(lambda: take_back(june, cast.juniper))]
    for thread in threads:
        thread.join()

    with acting_for(cast.juniper):
        payment = Payout.objects.get()
    assert (payment.state == "processing") == bool(file)
    assert (payment.in_file_at is not None) == bool(file)
