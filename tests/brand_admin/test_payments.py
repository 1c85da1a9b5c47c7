"""Payments: what is due, recording exactly what was paid, and what came back."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core.tenancy import acting_for
from payouts.ledger import balances, due_entries
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutState
from payouts.services import adjust, record_payment, return_payment
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, seen_at, sell, shown
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")


def new_address(cast: Cast, currency: str = "GBP") -> str:
    return at(cast.juniper, "payment_new") + f"?member={cast.mara.pk}&currency={currency}"


def due_ids(cast: Cast) -> list[int]:
    with acting_for(cast.juniper):
        found = due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW)
        return [entry.pk for entry in found]


def confirmed(cast: Cast, **sent: str) -> dict[str, str]:
    """The form as Send payment shows it."""
    return {"entries": ",".join(str(pk) for pk in due_ids(cast)), "reference": "BACS 17"} | sent


def pay(cast: Cast) -> Payout:
    with acting_for(cast.juniper):
        return record_payment(
            member=cast.mara,
            currency="GBP",
            entry_ids=due_ids(cast),
            reference="BACS 17",
            by=SYSTEM,
            now=NOW,
        )


def bonus(cast: Cast, amount_minor: int) -> LedgerEntry:
    with acting_for(cast.juniper):
        return adjust(
            enrollment=cast.mara_in_glow,
            currency="GBP",
            amount_minor=amount_minor,
            note="For the launch video",
            by=SYSTEM,
            now=NOW,
        )


def test_what_is_due_stands_per_member_and_currency(cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="200.00")

    response = desk_of(cast.vera).get(at(cast.juniper, "payments"))

    assert [(row.member, str(row.amount)) for row in response.context["due"]] == [
        (cast.diego, "20.00 GBP"),
        (cast.mara, "8.42 GBP"),
    ]
    assert [str(total) for total in response.context["totals"]] == ["28.42 GBP"]
    assert ">Send payment<" not in shown(response)  # Vera only reads


def test_a_negative_balance_is_shown_and_not_paid(cast: Cast) -> None:
    bonus(cast, -500)

    page = shown(desk_of(cast.ines).get(at(cast.juniper, "payments")))

    assert "\N{MINUS SIGN}£5.00" in page
    assert "carried to the next payment" in page


def test_what_is_due_is_searched_by_member(cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10")

    response = desk_of(cast.ines).get(at(cast.juniper, "payments") + "?q=diego")

    assert [row.member for row in response.context["due"]] == [cast.diego]


def test_the_lists_take_as_many_queries_for_three_as_for_one(cast: Cast) -> None:
    ines, due = desk_of(cast.ines), at(cast.juniper, "payments")
    sent = at(cast.juniper, "payments_sent")
    sell(cast)
    assert queries_of(ines, due) == 5
    pay(cast)
    assert queries_of(ines, sent) == 5

    sell(cast, "1002")
    pay(cast)
    sell(cast, "1003")
    pay(cast)
    assert queries_of(ines, sent) == 5
    for number, code in (("1004", "MARA15"), ("1005", "DIEGO10"), ("1006", "JUNE20")):
        sell(cast, number, promo_code=code)
    assert queries_of(ines, due) == 5


def test_send_payment_shows_exactly_the_entries(cast: Cast) -> None:
    sell(cast)
    bonus(cast, 2_500)

    response = desk_of(cast.theo).get(new_address(cast))

    assert [(line.what, str(line.amount)) for line in response.context["lines"]] == [
        ("Commission", "8.42 GBP"),
        ("Bonus", "25.00 GBP"),
    ]
    page = shown(response)
    assert "£33.42" in page
    assert "For the launch video" in page
    assert response.context["entry_ids"] == confirmed(cast)["entries"]


def test_a_confirmed_payment_pays_those_entries(cast: Cast) -> None:
    sell(cast)

    page = shown(desk_of(cast.theo).post(new_address(cast), confirmed(cast), follow=True))

    assert "£8.42 to Mara Lindqvist recorded as paid." in page
    assert "BACS 17" in page
    with acting_for(cast.juniper):
        payout = Payout.objects.get()
        balance = balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]
    assert (payout.amount_minor, payout.state) == (842, PayoutState.PAID)
    assert payout.created_by == "Theo Marsh <theo@juniper.example>"
    assert (balance.due_minor, balance.paid_minor) == (0, 842)


def test_a_second_click_is_led_to_the_payment_of_the_first(cast: Cast) -> None:
    sell(cast)
    theo, form = desk_of(cast.theo), confirmed(cast)
    first = theo.post(new_address(cast), form)
    before = snapshot()

    second = theo.post(new_address(cast), form)

    assert second["Location"] == first["Location"]
    assert snapshot().counts == before.counts
    assert "Paid already, once" in shown(theo.get(second["Location"]))


def test_what_became_due_meanwhile_is_not_paid_unseen(cast: Cast) -> None:
    sell(cast)
    form = confirmed(cast)
    bonus(cast, 2_500)

    desk_of(cast.theo).post(new_address(cast), form)

    with acting_for(cast.juniper):
        assert Payout.objects.get().amount_minor == 842


def test_what_is_due_no_more_is_refused_kindly(cast: Cast) -> None:
    sell(cast)
    bonus(cast, 2_500)
    form = confirmed(cast)
    with acting_for(cast.juniper):
        record_payment(
            member=cast.mara,
            currency="GBP",
            entry_ids=due_ids(cast)[:1],
            reference="",
            by=SYSTEM,
            now=NOW,
        )
    theo = desk_of(cast.theo)
    before = snapshot()

    response = theo.post(new_address(cast), form)

    assert response.status_code == 409
    page = page_text(response)
    assert "What is due has changed meanwhile. Look at it again, then confirm." in page
    assert "£25.00" in page
    assert snapshot() == before


@pytest.mark.parametrize("entries", ["", "1;2", "x", "99999999"])
def test_entries_that_were_never_shown_are_refused(entries: str, cast: Cast) -> None:
    sell(cast)
    theo = desk_of(cast.theo)
    before = snapshot()

    response = theo.post(new_address(cast), {"entries": entries})

    assert response.status_code == 409
    assert snapshot() == before


def test_entries_that_add_up_to_nothing_are_not_paid(cast: Cast) -> None:
    bonus(cast, 500)
    bonus(cast, -500)
    theo = desk_of(cast.theo)
    before = snapshot()

    response = theo.post(new_address(cast), confirmed(cast))

    assert response.status_code == 409
    assert "Nothing is due" in page_text(response)
    assert snapshot() == before


def test_an_address_that_names_no_payment_leads_to_the_list(cast: Cast) -> None:
    theo, listed = desk_of(cast.theo), at(cast.juniper, "payments")
    base = at(cast.juniper, "payment_new")

    for query in ("", "?member=x&currency=GBP", f"?member={cast.mara.pk}&currency=XXQ"):
        assert theo.get(base + query)["Location"] == listed


def test_nothing_due_says_so(cast: Cast) -> None:
    assert "Nothing is due" in shown(desk_of(cast.theo).get(new_address(cast)))


@pytest.mark.django_db(transaction=True)
def test_two_people_pressing_pay_at_once_pay_once() -> None:
    cast = assemble()
    sell(cast)
    form, together = confirmed(cast), threading.Barrier(2)
    answers: list[Any] = []

    def press(client: Client) -> None:
        together.wait()
        try:
            answers.append(client.post(new_address(cast), form))
        finally:
            connection.close()

    people = [desk_of(cast.ines), desk_of(cast.theo)]
    threads = [threading.Thread(target=press, args=[client]) for client in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    with acting_for(cast.juniper):
        assert Payout.objects.count() == 1
        assert LedgerEntry.objects.filter(kind=EntryKind.PAYOUT).count() == 1


def test_payments_are_searched_and_filtered(cast: Cast) -> None:
    sell(cast)
    first = pay(cast)
    sell(cast, "1002")
    second = pay(cast)
    with acting_for(cast.juniper):
        return_payment(payout=first, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW)
    ines, address = desk_of(cast.ines), at(cast.juniper, "payments_sent")

    def listed(query: str) -> list[int]:
        return [row.pk for row in ines.get(address + query).context["page"]]

    assert listed("") == [second.pk, first.pk]
    assert listed("?state=failed") == [first.pk]
    assert listed("?q=bacs") == [second.pk, first.pk]
    assert listed("?q=diego") == []


def test_the_statement_lists_what_the_payment_pays(cast: Cast) -> None:
    sell(cast)
    bonus(cast, 2_500)
    payout = pay(cast)

    lines = csv_of(
        desk_of(cast.vera).get(at(cast.juniper, "payment_statement", payment_id=payout.pk))
    )

    glow = "Winter Glow creators"
    assert lines == [
        ["date", "offer", "order", "sale", "what", "note", "amount", "currency"],
        ["2026-11-20", glow, "1001", "84.20", "commission", "", "8.42", "GBP"],
        ["2026-11-20", glow, "", "", "adjustment", "For the launch video", "25.00", "GBP"],
        ["", "", "", "", "total", "BACS 17", "33.42", "GBP"],
    ]


@pytest.mark.parametrize("state", [PayoutState.FAILED, PayoutState.CANCELLED])
def test_a_payment_that_came_back_is_due_again(state: PayoutState, cast: Cast) -> None:
    sell(cast)
    payout = pay(cast)

    address = at(cast.juniper, "payment_return", payment_id=payout.pk)
    sent = {"state": state, "reason": "Account closed", "seen": seen_at(address, cast)}
    page = shown(desk_of(cast.theo).post(address, sent, follow=True))

    assert "£8.42 to Mara Lindqvist is due again." in page
    assert "Account closed" in page
    with acting_for(cast.juniper):
        row = Payout.objects.get()
        balance = balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]
    assert (row.state, row.reason) == (state, "Account closed")
    assert (balance.due_minor, balance.paid_minor) == (842, 0)


@pytest.mark.parametrize("sent", [{"state": "failed"}, {"state": "paid", "reason": "No"}, {}])
def test_a_payment_comes_back_only_with_a_state_and_a_reason(
    sent: dict[str, str], cast: Cast
) -> None:
    sell(cast)
    payout, theo = pay(cast), desk_of(cast.theo)
    before = snapshot()

    response = theo.post(at(cast.juniper, "payment_return", payment_id=payout.pk), sent)

    assert response.status_code == 422
    assert snapshot() == before


def test_a_payment_comes_back_once(cast: Cast) -> None:
    sell(cast)
    payout, theo = pay(cast), desk_of(cast.theo)
    address = at(cast.juniper, "payment_return", payment_id=payout.pk)
    sent = {"state": "failed", "reason": "Account closed", "seen": seen_at(address, cast)}
    theo.post(address, sent)
    before = snapshot()

    response = theo.post(address, sent)

    assert response.status_code == 422
    assert "This payment is failed already" in page_text(response)
    assert snapshot() == before


def adjusting(cast: Cast) -> str:
    return at(cast.juniper, "adjustment_new") + f"?enrollment={cast.mara_in_glow.pk}"


@pytest.mark.parametrize(("kind", "minor"), [("bonus", 1_250), ("correction", -1_250)])
def test_an_adjustment_is_posted_once_however_often_it_is_sent(
    kind: str, minor: int, cast: Cast
) -> None:
    theo = desk_of(cast.theo)
    sent = {"kind": kind, "amount": "12.50", "note": "Video", "confirmation": str(uuid.uuid4())}

    for _ in range(2):
        theo.post(adjusting(cast), sent)

    with acting_for(cast.juniper):
        entry = LedgerEntry.objects.get()
    assert (entry.amount_minor, entry.note, entry.kind) == (minor, "Video", "adjustment")


@pytest.mark.parametrize(
    ("amount", "note", "said"),
    [
        ("", "Video", "This field is required."),
        ("twelve", "Video", "Write a number, like 12.5."),
        ("0", "Video", "The amount must be more than zero."),
        ("-5", "Video", "The amount must be more than zero."),
        ("99999999999999", "Video", "The amount is too large."),
        ("12.50", "", "This field is required."),
    ],
)
def test_an_adjustment_needs_an_amount_and_a_reason(
    amount: str, note: str, said: str, cast: Cast
) -> None:
    theo = desk_of(cast.theo)
    before = snapshot()

    response = theo.post(
        adjusting(cast),
        {"kind": "bonus", "amount": amount, "note": note, "confirmation": str(uuid.uuid4())},
    )

    assert response.status_code == 422
    assert said in page_text(response)
    assert snapshot() == before


def test_an_adjustment_starts_with_whom_and_in_which_offer(cast: Cast) -> None:
    page = shown(desk_of(cast.theo).get(at(cast.juniper, "adjustment_new") + "?q=mara"))

    assert f"?enrollment={cast.mara_in_glow.pk}" in page
    assert f"?enrollment={cast.diego_in_glow.pk}" not in page
