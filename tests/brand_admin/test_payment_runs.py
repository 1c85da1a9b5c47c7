"""Payout runs: drafted from what is ticked, confirmed once, told to the bank, settled."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Member
from core.tenancy import acting_for
from payouts import run_files
from payouts.destinations import paypal_account
from payouts.ledger import Balance, balances
from payouts.models import LedgerEntry, Payout, PayoutDetails, PayoutRun, PayoutRunMember
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, seen_at, sell, shown
from tests.cast import IBAN, NOW, SYSTEM, Cast, give_details
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")
KEY = "00000000-0000-4000-8000-000000000007"


@pytest.fixture
def owed(cast: Cast) -> Cast:
    """Mara is due £8.42 and Diego £20.00."""
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="200.00")
    return cast


def draft(cast: Cast, *, minimum_minor: int = 0) -> PayoutRun:
    with acting_for(cast.juniper):
        return draft_run(
            currency="GBP",
            member_ids=None,
            minimum_minor=minimum_minor,
            confirmation=uuid.uuid4(),
            by=SYSTEM,
            now=NOW,
        )


def confirmed(cast: Cast) -> PayoutRun:
    run = draft(cast)
    with acting_for(cast.juniper):
        return confirm_run(run=run, by=SYSTEM, now=NOW)


def paid_by_paypal(*members: Member) -> None:
    for member in members:
        to = paypal_account(country="GB", holder=str(member), paypal=f"pay-{member.email}")
        give_details(member, to)


def earn(cast: Cast, minor: int, currency: str = "GBP") -> LedgerEntry:
    with acting_for(cast.juniper):
        return adjust(
            enrollment=cast.mara_in_glow,
            currency=currency,
            amount_minor=minor,
            note="Video",
            by=SYSTEM,
            now=NOW,
        )


def page_of(cast: Cast, run: PayoutRun, client: Client | None = None) -> str:
    client = client or desk_of(cast.theo)
    return shown(client.get(at(cast.juniper, "payment_run", run_id=run.pk)))


def post(cast: Cast, name: str, run: PayoutRun, **sent: str) -> Any:
    return desk_of(cast.theo).post(at(cast.juniper, name, run_id=run.pk), sent, follow=True)


def lines(cast: Cast) -> list[tuple[int, int, bool]]:
    with acting_for(cast.juniper):
        found = PayoutRunMember.objects.order_by("pk")
        return [(row.member_id, row.due_minor, row.is_left_out) for row in found]


def mara_balance(cast: Cast) -> Balance:
    with acting_for(cast.juniper):
        return balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]


def test_what_is_due_is_ticked_and_drafted(owed: Cast) -> None:
    theo, new = desk_of(owed.theo), at(owed.juniper, "payment_run_new")
    assert f'value="{owed.mara.pk}-GBP"' in shown(theo.get(at(owed.juniper, "payments")))

    page = shown(theo.get(f"{new}?selected={owed.mara.pk}-GBP"))
    assert "Members chosen" in page
    sent = {
        "selected": f"{owed.mara.pk}-GBP",
        "currency": "GBP",
        "minimum": "",
        "confirmation": KEY,
    }
    answers = [theo.post(new, sent) for _ in range(2)]

    with acting_for(owed.juniper):
        run = PayoutRun.objects.get()
    assert {answer["Location"] for answer in answers} == {
        at(owed.juniper, "payment_run", run_id=run.pk)
    }
    assert lines(owed) == [(owed.mara.pk, 842, False)]


def test_everybody_due_is_drafted_who_reaches_the_minimum(owed: Cast) -> None:
    theo, new = desk_of(owed.theo), at(owed.juniper, "payment_run_new")

    page = shown(
        theo.post(new, {"currency": "GBP", "minimum": "10", "confirmation": KEY}, follow=True)
    )

    assert sorted(lines(owed)) == sorted([(owed.diego.pk, 2_000, False), (owed.mara.pk, 842, True)])
    assert "£20.00" in page
    assert "below the minimum" in page


def test_several_currencies_are_a_choice(owed: Cast) -> None:
    earn(owed, 5_000, "JPY")
    theo, new = desk_of(owed.theo), at(owed.juniper, "payment_run_new")

    page = shown(theo.get(new))

    assert "Pay in GBP" in page
    assert "Pay in JPY" in page
    assert "JP¥5,000" in shown(theo.get(f"{new}?currency=JPY"))


@pytest.mark.parametrize(
    ("minimum", "said"),
    [
        ("fifty", "Write a number, like 12.5."),
        ("-1", "The amount can&#x27;t be negative."),
        ("99999999999999", "The amount is too large."),
        ("12.505", "GBP has at most 2 decimals."),
        ("20.01", "No chosen member is due that much now."),
    ],
)
def test_a_minimum_is_an_amount_that_somebody_reaches(minimum: str, said: str, owed: Cast) -> None:
    theo = desk_of(owed.theo)
    before = snapshot()

    answer = theo.post(
        at(owed.juniper, "payment_run_new"),
        {"currency": "GBP", "minimum": minimum, "confirmation": KEY},
    )

    assert answer.status_code == 422
    assert said in page_text(answer)
    assert snapshot() == before


@pytest.mark.parametrize(
    "query", ["?currency=XXXX", "?selected=x-GBP", "?selected=1", "?currency="]
)
def test_an_odd_address_is_no_error(query: str, owed: Cast) -> None:
    shown(desk_of(owed.theo).get(at(owed.juniper, "payment_run_new") + query))


def test_a_draft_shows_every_entry_of_a_member(owed: Cast) -> None:
    earn(owed, 2_500)
    run = draft(owed)
    with acting_for(owed.juniper):
        line = PayoutRunMember.objects.get(member=owed.mara)

    response = desk_of(owed.vera).get(
        at(owed.juniper, "payment_run_line", run_id=run.pk, line_id=line.pk)
    )

    page = shown(response)
    assert [each.title for each in response.context["lines"]] == ["1001", "Bonus"]
    assert "£33.42" in page


def test_confirming_twice_confirms_once_and_says_so(owed: Cast) -> None:
    run = draft(owed)

    first = shown(post(owed, "payment_run_confirm", run, seen=seen_on(owed, run)))
    before = snapshot()
    second = shown(post(owed, "payment_run_confirm", run))

    assert "The run is confirmed: 2 on the way." in first
    assert "Confirmed already, once: " in second
    assert snapshot().counts | {"django_session": 0} == before.counts | {"django_session": 0}
    assert mara_balance(owed) == Balance(earned_minor=842, on_the_way_minor=842)


def test_a_draft_that_changed_is_refused_and_can_be_drafted_again(owed: Cast) -> None:
    run = draft(owed)
    earn(owed, -42)
    theo, seen = desk_of(owed.theo), {"seen": seen_on(owed, run)}
    before = snapshot()

    answer = theo.post(at(owed.juniper, "payment_run_confirm", run_id=run.pk), seen)

    assert answer.status_code == 409
    page = page_text(answer)
    assert "What is due has changed since this run was drafted. Nothing was paid." in page
    assert "Mara Lindqvist. Draft the run again" in page
    assert "Confirm the run" not in page
    assert snapshot() == before
    assert "£28.00" in shown(post(owed, "payment_run_redraft", run))


def test_a_draft_is_discarded(owed: Cast) -> None:
    run = draft(owed)

    page = shown(post(owed, "payment_run_discard", run))

    assert "Everything in it stays due." in page
    assert mara_balance(owed).due_minor == 842
    assert "discarded" in shown(post(owed, "payment_run_confirm", run))


def test_a_run_is_marked_paid_with_its_reference(owed: Cast) -> None:
    run = confirmed(owed)

    page = shown(post(owed, "payment_run_paid", run, reference="BACS 40", seen=seen_on(owed, run)))

    assert "Marked paid." in page
    with acting_for(owed.juniper):
        assert set(Payout.objects.values_list("state", "reference")) == {("paid", "BACS 40")}
    again = desk_of(owed.theo).post(at(owed.juniper, "payment_run_paid", run_id=run.pk))
    assert again.status_code == 409


def seen_on(cast: Cast, run: PayoutRun, name: str = "payment_run") -> str:
    """What a page of a run sends back of what it shows."""
    return seen_at(at(cast.juniper, name, run_id=run.pk), cast)


def test_a_run_that_came_back_is_due_again(owed: Cast) -> None:
    run = confirmed(owed)
    seen = seen_on(owed, run, "payment_run_return")
    sent = {"state": "failed", "reason": "The bank was closed", "seen": seen}

    page = shown(post(owed, "payment_run_return", run, **sent))

    assert "The bank was closed" in page
    assert mara_balance(owed) == Balance(earned_minor=842, due_minor=842)
    again = desk_of(owed.theo).post(at(owed.juniper, "payment_run_return", run_id=run.pk), sent)
    assert again.status_code == 422


def test_taking_a_run_back_says_how_many_payments_and_how_much(owed: Cast) -> None:
    run = confirmed(owed)
    with acting_for(owed.juniper):
        Payout.objects.filter(member=owed.diego).update(state="pending_info")

    page = shown(desk_of(owed.theo).get(at(owed.juniper, "payment_run_return", run_id=run.pk)))

    assert "2 payments, £28.42, go back to what the members are due" in re.sub("</?b>", "", page)


def test_one_payment_of_a_run_is_marked_paid(owed: Cast) -> None:
    confirmed(owed)
    theo = desk_of(owed.theo)
    with acting_for(owed.juniper):
        payout = Payout.objects.get(member=owed.mara)
    address = at(owed.juniper, "payment_paid", payment_id=payout.pk)
    shown(theo.get(address))

    page = shown(theo.post(address, {"reference": "BACS 41"}, follow=True))

    assert "£8.42 to Mara Lindqvist is paid." in page
    assert "BACS 41" in page
    assert "Confirmed the payout run" in page
    again = theo.post(address, {"reference": "BACS 42"})
    assert again.status_code == 422
    assert "This payment is paid already" in page_text(again)


def test_the_bank_is_told_of_what_is_on_the_way(owed: Cast) -> None:
    run = confirmed(owed)
    with acting_for(owed.juniper):
        to_diego, to_mara = Payout.objects.order_by("-amount_minor")
    address = at(owed.juniper, "payment_run_bank", run_id=run.pk)

    told = csv_of(desk_of(owed.theo).post(address))

    assert told[0] == [*run_files.BANK_COLUMNS]
    mara = ["Mara Lindqvist", owed.mara.email, "8.42", "GBP", f"RUN{run.pk}-{to_mara.pk}"]
    diego = ["Diego Arroyo", owed.diego.email, "20.00", "GBP", f"RUN{run.pk}-{to_diego.pk}"]
    account = ["DE", IBAN, "", "", "", ""]
    wanted = [[*mara, "Mara Lindqvist", *account], [*diego, "Diego Arroyo", *account]]
    assert sorted(told[1:]) == sorted(wanted)
    desk_of(owed.theo).post(at(owed.juniper, "payment_paid", payment_id=to_mara.pk))
    assert csv_of(desk_of(owed.theo).post(address))[1:] == [wanted[1]]


def test_account_numbers_are_for_those_who_pay(owed: Cast) -> None:
    run, vera = confirmed(owed), desk_of(owed.vera)

    page = page_of(owed, run, vera)

    for name in ("payment_run_bank", "payment_run_paypal"):
        assert vera.post(at(owed.juniper, name, run_id=run.pk)).status_code == 403
    assert (IBAN in page, "····3000" in page) == (False, True)


def test_paypal_is_told_without_a_header_and_in_parts(
    owed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_files, "PAYPAL_ROWS", 1)
    paid_by_paypal(owed.mara, owed.diego)
    run = confirmed(owed)
    theo, address = desk_of(owed.theo), at(owed.juniper, "payment_run_paypal", run_id=run.pk)

    parts = [csv_of(theo.post(address, {"part": part})) for part in ("1", "2")]

    assert [len(part) for part in parts] == [1, 1]
    assert sorted(part[0][:3] + part[0][4:] for part in parts) == sorted(
        [
            [f"pay-{owed.mara.email}", "8.42", "GBP", "Juniper & Co", "PAYPAL"],
            [f"pay-{owed.diego.email}", "20.00", "GBP", "Juniper & Co", "PAYPAL"],
        ]
    )
    assert "For PayPal 2 of 2" in page_of(owed, run)
    for odd in ("0", "99", "x", "²"):
        assert len(csv_of(theo.post(address, {"part": odd}))) == 1
    bank = at(owed.juniper, "payment_run_bank", run_id=run.pk)
    assert csv_of(theo.post(bank))[1:] == []


def test_who_has_said_nothing_yet_is_in_no_file_and_waits(owed: Cast) -> None:
    PayoutDetails.objects.filter(creator=owed.mara.creator).delete()
    run, theo = confirmed(owed), desk_of(owed.theo)

    bank, paypal = at(owed.juniper, "payment_run_bank", run_id=run.pk), "payment_run_paypal"

    assert [row[0] for row in csv_of(theo.post(bank))] == ["member", "Diego Arroyo"]
    assert csv_of(theo.post(at(owed.juniper, paypal, run_id=run.pk))) == []
    assert "Waiting for details" in page_of(owed, run)
    assert "1 payment waits for details." in page_of(owed, run)
    with acting_for(owed.juniper):
        states = dict(Payout.objects.values_list("member_id", "state"))
    assert states == {owed.mara.pk: "pending_info", owed.diego.pk: "processing"}


def test_a_draft_tells_the_bank_nothing(owed: Cast) -> None:
    run = draft(owed)

    told = csv_of(desk_of(owed.theo).post(at(owed.juniper, "payment_run_bank", run_id=run.pk)))

    assert told == [[*run_files.BANK_COLUMNS]]


def test_a_viewer_reads_runs_and_changes_none(owed: Cast) -> None:
    run, vera = draft(owed), desk_of(owed.vera)
    page = page_of(owed, run, vera)
    assert "Confirm the run" not in page
    before = snapshot()

    for name in ("confirm", "redraft", "discard", "paid", "return"):
        address = at(owed.juniper, f"payment_run_{name}", run_id=run.pk)
        assert vera.post(address, {"state": "failed", "reason": "No"}).status_code == 403

    assert snapshot() == before


def test_the_pages_of_runs_take_as_many_queries_for_three_as_for_one(cast: Cast) -> None:
    ines = desk_of(cast.ines)
    sell(cast)
    run = confirmed(cast)
    one = at(cast.juniper, "payment_run", run_id=run.pk)
    assert queries_of(ines, at(cast.juniper, "payment_runs")) == 6
    counted = queries_of(ines, one)

    for number, code in (("1004", "MARA15"), ("1005", "DIEGO10"), ("1006", "JUNE20")):
        sell(cast, number, promo_code=code)
    draft(cast)
    three = confirmed(cast)

    assert queries_of(ines, at(cast.juniper, "payment_runs")) == 6
    assert queries_of(ines, at(cast.juniper, "payment_run", run_id=three.pk)) == counted


def test_runs_are_listed_newest_first(owed: Cast, time_machine: Any) -> None:
    first = draft(owed)
    time_machine.move_to(NOW + timedelta(hours=1), tick=False)
    second = draft(owed)
    with acting_for(owed.juniper):
        PayoutRun.objects.filter(pk=second.pk).update(created_at=NOW + timedelta(hours=1))

    response = desk_of(owed.vera).get(at(owed.juniper, "payment_runs"))

    assert [run.pk for run in response.context["page"]] == [second.pk, first.pk]
