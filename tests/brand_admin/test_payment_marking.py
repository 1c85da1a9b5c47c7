"""What of a run is marked paid, and in which file a payment stands, while members share or stop."""

from __future__ import annotations

import uuid

import pytest

from affiliates.models import Member
from core.money import Money
from core.tenancy import acting_for
from payouts import run_files
from payouts.models import Payout
from payouts.releases import take_back_release, update_payments
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, sell, shown
from tests.brand_admin.test_payment_runs import confirmed, page_of, paid_by_paypal, post, seen_on
from tests.cast import NOW, SYSTEM, Cast, release_to_brand
from tracking.links.membership import OwedError, remove_from_offer

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def owed(cast: Cast) -> Cast:
    """Mara is due £8.42 and Diego £20.00."""
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="200.00")
    return cast


def test_payments_that_came_after_the_file_are_not_marked_paid(owed: Cast) -> None:
    """Diego shares his details when the file for the bank is made already: nobody has paid him."""
    stop_sharing(owed.diego)
    run, theo = confirmed(owed), desk_of(owed.theo)
    csv_of(theo.post(at(owed.juniper, "payment_run_bank", run_id=run.pk)))
    start_sharing(owed.diego)

    page = page_of(owed, run)
    assert "1 more payment is on the way and in no file yet" in page
    shown(post(owed, "payment_run_paid", run, reference="BACS 40", seen=seen_on(owed, run)))

    assert states(owed) == {owed.mara.pk: "paid", owed.diego.pk: "processing"}
    [_, told] = csv_of(theo.post(at(owed.juniper, "payment_run_bank", run_id=run.pk)))
    assert told[0] == "Diego Arroyo"


def test_what_the_page_did_not_show_is_not_marked_paid(owed: Cast) -> None:
    """Nor by a second click, which would mark what the first one left on the way."""
    stop_sharing(owed.diego)
    run = confirmed(owed)
    seen = seen_on(owed, run)
    start_sharing(owed.diego)
    for sent in ({"seen": seen}, {}):
        answer = desk_of(owed.theo).post(at(owed.juniper, "payment_run_paid", run_id=run.pk), sent)

        assert answer.status_code == 409
        assert "The payments on the way have changed" in page_text(answer)
    assert states(owed) == {owed.mara.pk: "processing", owed.diego.pk: "processing"}


def test_a_payment_that_waits_was_paid_in_another_way(owed: Cast) -> None:
    """Its own page offers that, and so does the page behind it."""
    stop_sharing(owed.mara)
    confirmed(owed)
    theo = desk_of(owed.theo)
    with acting_for(owed.juniper):
        payout = Payout.objects.get(member=owed.mara)
    address = at(owed.juniper, "payment_paid", payment_id=payout.pk)
    assert address in shown(theo.get(at(owed.juniper, "payment", payment_id=payout.pk)))

    assert "Mark paid</span></button>" in shown(theo.get(address))
    shown(theo.post(address, {"reference": "cash"}, follow=True))

    assert states(owed)[owed.mara.pk] == "paid"
    assert "There is nothing to mark" in shown(theo.get(address))


def test_sharing_between_two_files_moves_no_payment_into_another_file(
    owed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of two shares when the second one stood in a file already: it stays in that one."""
    monkeypatch.setattr(run_files, "PAYPAL_ROWS", 1)
    paid_by_paypal(owed.mara, owed.diego)
    for member in (owed.mara, owed.diego):
        stop_sharing(member)
    run, theo = confirmed(owed), desk_of(owed.theo)
    with acting_for(owed.juniper):
        first, second = (
            payout.member
            for payout in Payout.objects.select_related("member__brand").order_by("pk")
        )
    address = at(owed.juniper, "payment_run_paypal", run_id=run.pk)
    start_sharing(second)
    [made_before] = csv_of(theo.post(address))

    start_sharing(first)
    parts = [csv_of(theo.post(address, {"part": part})) for part in ("1", "2")]

    assert [part[0][0] for part in parts] == [f"pay-{first.email}", f"pay-{second.email}"]
    assert made_before[0] == f"pay-{second.email}"
    assert "For PayPal 2 of 2" in page_of(owed, run)


def states(cast: Cast) -> dict[int, str]:
    with acting_for(cast.juniper):
        return dict(Payout.objects.values_list("member_id", "state"))


def stop_sharing(member: Member) -> None:
    assert member.creator is not None
    take_back_release(creator=member.creator, brand=member.brand, by=SYSTEM, now=NOW)


def start_sharing(member: Member) -> None:
    """As payouts.releases does it, without the code."""
    with acting_for(member.brand_id):
        release_to_brand(member)
        update_payments(member, now=NOW)


def test_several_payments_are_marked_paid_together(owed: Cast) -> None:
    """Those that were paid before stay as they were, and no payment that the page did not show."""
    stop_sharing(owed.mara)
    run, theo = confirmed(owed), desk_of(owed.theo)
    with acting_for(owed.juniper):
        chosen = {"action": "paid", "selected": list(Payout.objects.values_list("pk", flat=True))}
    here = at(owed.juniper, "payments_change")

    asked = shown(theo.post(here, chosen))
    everything = theo.post(f"{here}?all=1", {"action": "paid", "confirmed": "1"})
    before = states(owed)
    shown(theo.post(here, chosen | {"confirmed": "1", "reference": "BACS 41"}, follow=True))
    again = shown(theo.post(here, chosen | {"confirmed": "1"}, follow=True))

    assert "Mark as paid: 2 payments." in asked
    assert everything.status_code == 302
    assert before == {owed.mara.pk: "pending_info", owed.diego.pk: "processing"}
    assert states(owed) == {owed.mara.pk: "paid", owed.diego.pk: "paid"}
    assert "2 were paid already" in again
    with acting_for(owed.juniper):
        run.refresh_from_db()
        assert run.state == "paid"
        assert set(Payout.objects.values_list("reference", flat=True)) == {"BACS 41"}


def test_a_run_says_one_thing_and_members_are_asked_for_their_details(owed: Cast) -> None:
    stop_sharing(owed.mara)
    stop_sharing(owed.diego)
    run, theo = confirmed(owed), desk_of(owed.theo)

    page, listed = page_of(owed, run), shown(theo.get(at(owed.juniper, "payment_runs")))
    href = theo.get(at(owed.juniper, "payment_run", run_id=run.pk)).context["listing"].ask_href
    drawer = theo.get(theo.get(href)["Location"])

    assert "2 wait for details" in page
    assert "2 wait for details" in listed
    assert "on the way" not in page.replace("Each goes on the way as soon as", "")
    assert "Enter my payout details" in drawer.text
    people = {one.to_address for one in drawer.context["audience"].recipients}
    assert people == {owed.mara.email, owed.diego.email}


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(1_234_50, "HUF", "1235"), (1_234_00, "TWD", "1234"), (500, "JPY", "500"), (5, "GBP", "0.05")],
)
def test_paypal_gets_whole_units_where_it_takes_no_others(
    minor: int, currency: str, written: str
) -> None:
    assert run_files.amount_for_paypal(Money(minor, currency)) == written


@pytest.mark.parametrize(
    ("minor", "currency", "rows", "said"),
    [
        (49, "HUF", 0, "1 payment would be 0 HUF for PayPal."), (50, "HUF", 1, ""),
        (1, "JPY", 1, ""), (1, "GBP", 1, ""),
    ],
)  # fmt: skip
def test_a_payment_that_paypal_would_get_as_0_is_in_no_file(
    minor: int, currency: str, rows: int, said: str, cast: Cast
) -> None:
    """And is not marked as in a file, so that it waits again where the member stops sharing."""
    paid_by_paypal(cast.mara)
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow, currency=currency, amount_minor=minor, note="Rest",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        run = draft_run(
            currency=currency, member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        confirm_run(run=run, by=SYSTEM, now=NOW)

    page = page_of(cast, run)
    told = csv_of(desk_of(cast.theo).post(at(cast.juniper, "payment_run_paypal", run_id=run.pk)))

    assert [row[1] != "0" for row in told] == [True] * rows
    assert ("For PayPal (CSV)" in page) == bool(rows)
    assert ("would be 0" in page) == bool(said)
    assert said in page
    with acting_for(cast.juniper):
        assert Payout.objects.filter(in_file_at__isnull=False).count() == rows


def test_nobody_leaves_an_offer_while_a_payment_waits_for_their_details(owed: Cast) -> None:
    stop_sharing(owed.mara)
    confirmed(owed)

    with acting_for(owed.juniper), pytest.raises(OwedError, match=r"8\.42"):
        remove_from_offer(enrollment=owed.mara_in_glow, by=SYSTEM, now=NOW)
