"""A 409 shows what is there now, and says the same in a race and long after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from api.resources import payouts, questions, runs
from payouts.ledger import due_entries
from payouts.models import Payout, PayoutRun, PayoutState
from payouts.runs import discard_draft, return_run
from payouts.selectors import mark_paid_summary
from payouts.services import adjust, mark_paid, record_payment, return_payment, write_off
from tests.answers import Answer
from tests.api.nouns.recipes import RECIPES, perform
from tests.api.nouns.stage import LATER, Stage, id_of
from tests.cast import NOW, SYSTEM
from tests.snapshot import snapshot
from tracking.questions.services import explain_question


def meanwhile(patch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], object]) -> None:
    """Let somebody else act between what a view reads and the service that it calls."""
    service = getattr(module, name)

    def call(**told: Any) -> Any:
        act()
        return service(**told)

    patch.setattr(module, name, call)


def told(answer: Answer) -> tuple[int, str, Any]:
    found = answer.json()
    return answer.status_code, found["code"], found["current"]


def pay_all(stage: Stage) -> Payout:
    due = due_entries(member_id=stage.cast.mara.pk, currency="GBP", now=LATER)
    return record_payment(
        member=stage.cast.mara, currency="GBP", entry_ids=[one.pk for one in due], reference="",
        by=SYSTEM, now=LATER,
    )  # fmt: skip


def pounds(minor: int) -> dict[str, Any]:
    amount = f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02}"
    return {"amount": amount, "minor": minor, "currency": "GBP"}


def test_other_shares_are_shown_as_they_can_be_sent(stage: Stage) -> None:
    assert perform(stage, "share_conversion").status_code == 200
    before = snapshot()

    again = perform(stage, "share_conversion")

    enrollment, other = stage.id("enrollment"), stage.id("indebted")
    shares = [
        {"enrollment": enrollment, "share_bp": 6_000},
        {"enrollment": other, "share_bp": 4_000},
    ]
    assert told(again) == (409, "changed_meanwhile", {"shares": shares})
    assert snapshot() == before
    sent = {"shares": [{"enrollment": other, "share_bp": 10_000}], "seen": shares, "reason": "x"}
    path = RECIPES["share_conversion"].address(stage)
    assert stage.send("POST", path, sent).status_code == 200


def test_another_amount_that_is_due_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"member": stage.id("member"), "amount": "1.00", "currency": "GBP"}
    [due] = stage.get(f"/due?member={stage.id('member')}").json()["data"]
    early = stage.send("POST", "/payouts", wrong)
    meanwhile(monkeypatch, payouts, "record_payment", lambda: pay_all(stage))

    late = perform(stage, "record_payout")

    member = stage.id("member")
    assert told(early) == (409, "changed_meanwhile", {"member": member, "due": [due["amount"]]})
    assert told(late) == (409, "changed_meanwhile", {"member": member, "due": [pounds(0)]})


def test_a_debt_that_is_another_one_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    indebted = stage.cast.june_in_glow
    sent = {"enrollment": stage.id("indebted"), "amount": "7.00", "note": "x"}
    early = stage.send("POST", "/write-offs", sent)
    owed = stage.get(f"/enrollments/{stage.id('indebted')}/balance").json()
    meanwhile(
        monkeypatch, payouts, "write_off",
        lambda: write_off(enrollment=indebted, debt_minor=800, note="x", by=SYSTEM, now=LATER),
    )  # fmt: skip

    late = perform(stage, "write_off_debt")

    assert told(early) == (409, "changed_meanwhile", owed)
    status, code, current = told(late)
    assert (status, code, current["debt"]) == (409, "changed_meanwhile", pounds(0))


@pytest.mark.parametrize("is_late", [True, False])
def test_a_question_that_was_answered_is_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    question = stage.rows["question"]

    def answer() -> object:
        return explain_question(question=question, text="It is there.", by=SYSTEM, now=LATER)

    if is_late:
        with stage.at_juniper():
            answer()
    else:
        meanwhile(monkeypatch, questions, "answer_by_attributing", answer)

    again = perform(stage, "answer_question")

    status, code, current = told(again)
    assert (status, code, current["state"]) == (409, "not_possible_now", "explained")
    if is_late:
        assert current == stage.get(f"/questions/{stage.id('question')}").json()


@pytest.mark.parametrize("is_late", [True, False])
@pytest.mark.parametrize("name", ["mark_payout_paid", "return_payout"])
def test_a_payment_that_is_settled_is_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, is_late: bool
) -> None:
    place = "open_payout" if name == "mark_payout_paid" else "payout"
    row = stage.rows[place]

    def settle() -> object:
        if name == "mark_payout_paid":
            return mark_paid(payout=row, reference="BACS 1", by=SYSTEM, now=LATER)
        state = PayoutState.CANCELLED
        return return_payment(payout=row, state=state, reason="x", by=SYSTEM, now=LATER)

    if is_late:
        with stage.at_juniper():
            settle()
    else:
        service = "mark_paid" if name == "mark_payout_paid" else "return_payment"
        meanwhile(monkeypatch, payouts, service, settle)

    again = perform(stage, name)

    status, code, current = told(again)
    assert (status, code) == (409, "not_possible_now")
    assert current["state"] == ("paid" if name == "mark_payout_paid" else "cancelled")
    if is_late:
        assert current == stage.get(f"/payouts/{stage.id(place)}").json()


def test_a_run_is_not_confirmed_where_less_is_due_and_shows_what_is(stage: Stage) -> None:
    before = stage.get(f"/due?member={stage.id('member')}").json()["data"][0]["amount"]["minor"]
    with stage.at_juniper():
        adjust(
            enrollment=stage.cast.mara_in_glow, currency="GBP", amount_minor=-100, note="x",
            by=SYSTEM, now=NOW,
        )  # fmt: skip

    refused = perform(stage, "confirm_run")

    due = {"member": id_of(stage.cast.mara), "due": [pounds(before - 100)]}
    assert told(refused) == (409, "changed_meanwhile", {"members": [due]})


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("confirm_run", "confirm_run"), ("discard_run", "discard_draft"),
        ("redraft_run", "redraft_run"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_late", [True, False])
def test_a_draft_that_is_none_any_more_is_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, service: str, is_late: bool
) -> None:
    draft = stage.rows["draft"]
    end = discard_draft
    if is_late:
        with stage.at_juniper():
            end(run=draft, by=SYSTEM, now=LATER)
    else:
        meanwhile(monkeypatch, runs, service, lambda: end(run=draft, by=SYSTEM, now=LATER))

    refused = perform(stage, name)

    status, code, current = told(refused)
    assert (status, code, current["state"]) == (409, "changed_meanwhile", "cancelled")
    if is_late:
        assert current == stage.get(f"/payout-runs/{stage.id('draft')}").json()


@pytest.mark.parametrize("name", ["mark_run_paid", "return_run"])
@pytest.mark.parametrize("is_late", [True, False])
def test_a_run_with_nothing_on_the_way_is_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, is_late: bool
) -> None:
    run, give_back = stage.rows["run"], return_run

    def end() -> object:
        return give_back(run=run, state=PayoutState.FAILED, reason="x", by=SYSTEM, now=LATER)

    if is_late:
        with stage.at_juniper():
            end()
    else:
        meanwhile(monkeypatch, runs, name, end)

    refused = perform(stage, name)

    status, code, current = told(refused)
    assert (status, code, current["state"]) == (409, "not_possible_now", "failed")
    if is_late:
        assert current == stage.get(f"/payout-runs/{stage.id('run')}").json()


def test_a_run_of_which_another_sum_is_on_the_way_is_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/payout-runs/{stage.id('run')}/paid"
    early = stage.send("POST", path, {"amount": "1.00"})
    shown = stage.get(f"/payout-runs/{stage.id('run')}").json()
    seen = mark_paid_summary

    def another(row: PayoutRun) -> Any:
        found = seen(row)
        return replace(found, seen="another")

    monkeypatch.setattr(runs, "mark_paid_summary", another)
    late = perform(stage, "mark_run_paid")

    assert told(early) == (409, "changed_meanwhile", shown)
    assert told(late) == (409, "changed_meanwhile", shown)
