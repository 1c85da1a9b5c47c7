"""A page about money that has changed meanwhile: nothing happens, and the new state is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from background.models import Work
from brand_admin.payments import run_views
from core.tenancy import acting_for
from payouts.models import Payout, PayoutRun
from payouts.runs import redraft_run
from payouts.services import mark_paid
from tests.answers import Answer, page_text
from tests.brand_admin.desk import at, csv_of, desk_of, seen_at, sell, shown
from tests.brand_admin.test_payment_marking import start_sharing, states, stop_sharing
from tests.brand_admin.test_payment_runs import confirmed, draft, earn, page_of, seen_on
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")
AGAIN = "This run was drafted again after you opened it. Nothing was paid."


@pytest.fixture
def owed(cast: Cast) -> Cast:
    """Mara is due £8.42."""
    sell(cast)
    return cast


@pytest.fixture(params=["at once", "by a worker"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is changed in the request, and one that is too large for that."""
    if request.param == "by a worker":
        monkeypatch.setattr(run_views, "MAX_ROWS_RUN_AT_ONCE", 0)


def send(cast: Cast, name: str, run: PayoutRun, seen: str, **sent: str) -> Answer:
    sent = {"seen": seen} | sent
    return desk_of(cast.theo).post(at(cast.juniper, name, run_id=run.pk), sent)


def came_back(cast: Cast, payout: Payout, seen: str) -> Answer:
    address = at(cast.juniper, "payment_return", payment_id=payout.pk)
    sent = {"state": "cancelled", "reason": "Typo", "seen": seen}
    return desk_of(cast.theo).post(address, sent)


def on_page(cast: Cast, payout: Payout) -> str:
    return seen_at(at(cast.juniper, "payment_return", payment_id=payout.pk), cast)


def text_of(response: Any) -> str:
    return " ".join(page_text(response).split())


@pytest.mark.usefixtures("size")
def test_a_draft_that_was_drafted_again_is_not_confirmed_from_the_old_page(
    owed: Cast, time_machine: Any
) -> None:
    """A colleague has posted a bonus of £5,000.00 and drafted the run again."""
    run = draft(owed)
    seen = seen_on(owed, run)
    earn(owed, 500_000)
    time_machine.move_to(NOW + timedelta(minutes=1), tick=False)
    with acting_for(owed.juniper):
        redraft_run(run=run, by=SYSTEM, now=NOW + timedelta(minutes=1))
    before = snapshot()

    for old in (seen, ""):
        answer = send(owed, "payment_run_confirm", run, old)

        assert answer.status_code == 409
        assert AGAIN in text_of(answer)
        assert "Payout run of £5,008.42" in text_of(answer)
        assert snapshot().counts | {"django_session": 0} == before.counts | {"django_session": 0}

    assert AGAIN not in page_of(owed, run)
    new = seen_on(owed, run)
    assert send(owed, "payment_run_confirm", run, new).status_code == 302
    with acting_for(owed.juniper):
        assert Work.objects.count() + Payout.objects.count() == 1


def test_a_draft_of_the_same_moment_with_another_sum_is_another_draft(owed: Cast) -> None:
    run = draft(owed)
    seen = seen_on(owed, run)
    earn(owed, 500_000)
    with acting_for(owed.juniper):
        redraft_run(run=run, by=SYSTEM, now=NOW)

    assert send(owed, "payment_run_confirm", run, seen).status_code == 409
    assert states(owed) == {}


def test_a_payment_that_was_paid_meanwhile_is_not_taken_back(owed: Cast) -> None:
    """It is taken back only from a page that shows it as paid."""
    confirmed(owed)
    with acting_for(owed.juniper):
        payout = Payout.objects.get()
    old = on_page(owed, payout)
    with acting_for(owed.juniper):
        mark_paid(payout=payout, reference="BACS 9", by=SYSTEM, now=NOW)

    for seen in (old, ""):
        answer = came_back(owed, payout, seen)

        assert answer.status_code == 409
        assert "This payment has changed: check it again, then take it back." in text_of(answer)
        assert "This payment is marked paid." in text_of(answer)
        assert "BACS 9" in text_of(answer)
        assert states(owed) == {owed.mara.pk: "paid"}

    assert came_back(owed, payout, on_page(owed, payout)).status_code == 302
    assert states(owed) == {owed.mara.pk: "cancelled"}


def test_a_payment_that_is_in_a_file_by_now_is_not_taken_back(owed: Cast) -> None:
    run = confirmed(owed)
    with acting_for(owed.juniper):
        payout = Payout.objects.get()
    old = on_page(owed, payout)
    csv_of(desk_of(owed.theo).post(at(owed.juniper, "payment_run_bank", run_id=run.pk)))

    answer = came_back(owed, payout, old)

    assert answer.status_code == 409
    assert "This payment is in a file for the bank or PayPal." in text_of(answer)
    assert states(owed) == {owed.mara.pk: "processing"}


@pytest.mark.usefixtures("size")
def test_a_run_whose_payments_changed_is_not_taken_back_from_the_old_page(owed: Cast) -> None:
    """Mara has shared her details, and a colleague has made the file for the bank."""
    stop_sharing(owed.mara)
    run = confirmed(owed)
    address = at(owed.juniper, "payment_run_return", run_id=run.pk)
    assert "Now: 1 waits for details." in shown(desk_of(owed.theo).get(address))
    old = seen_at(address, owed)
    start_sharing(owed.mara)
    between = seen_at(address, owed)
    csv_of(desk_of(owed.theo).post(at(owed.juniper, "payment_run_bank", run_id=run.pk)))
    sent = {"state": "cancelled", "reason": "No details"}

    for seen in (old, between, ""):
        answer = send(owed, "payment_run_return", run, seen, **sent)

        assert answer.status_code == 409
        assert "The payments of this run have changed: check them again" in text_of(answer)
        assert "Now: 1 on the way." in text_of(answer)
        assert "1 payment is in a file for the bank or PayPal" in text_of(answer)
        assert states(owed) == {owed.mara.pk: "processing"}

    new = seen_at(address, owed)
    assert send(owed, "payment_run_return", run, new, **sent).status_code == 302
    with acting_for(owed.juniper):
        assert Work.objects.exists() or states(owed) == {owed.mara.pk: "cancelled"}
