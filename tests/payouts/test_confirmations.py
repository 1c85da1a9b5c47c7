"""A confirmation posts or drafts once, and answers nothing else with what it posted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.tenancy import acting_for
from payouts.models import LedgerEntry, PayoutRun
from payouts.run_work import ask_for_draft
from payouts.runs import confirm_run, draft_run
from payouts.services import ConfirmationReusedError, adjust, write_off
from tests.api.nouns.conftest import stage
from tests.api.nouns.stage import Stage
from tests.api.test_concurrency import all_at_once
from tests.brand_admin.conftest import theo
from tests.cast import NOW, SYSTEM, Cast
from tests.payouts.owing import earn
from tests.snapshot import snapshot

__all__ = ["stage", "theo"]
KEY = uuid.UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture
def owed(cast: Cast) -> Iterator[Cast]:
    """Mara is due £10.00, June £5.00."""
    with acting_for(cast.juniper):
        earn(cast.mara_in_glow, 1_000)
        earn(cast.june_in_glow, 500)
        yield cast


def bonus(cast: Cast, **changes: Any) -> LedgerEntry:
    told = {"enrollment": cast.mara_in_glow, "amount_minor": 500, "note": "Bonus", **changes}
    return adjust(currency="GBP", confirmation=KEY, by=SYSTEM, now=NOW, **told)


def draft(**changes: Any) -> PayoutRun:
    told = {"currency": "GBP", "member_ids": None, "minimum_minor": 0, **changes}
    return draft_run(confirmation=KEY, by=SYSTEM, now=NOW, **told)


@pytest.mark.parametrize(
    "other",
    [
        lambda cast: bonus(cast, enrollment=cast.june_in_glow),
        lambda cast: bonus(cast, amount_minor=501),
        lambda cast: bonus(cast, note="Another"),
        lambda cast: write_off(
            enrollment=cast.mara_in_glow, debt_minor=500, note="Bonus", confirmation=KEY,
            by=SYSTEM, now=NOW,
        ),
    ],
)  # fmt: skip
def test_what_posted_one_entry_posts_and_answers_no_other(
    owed: Cast, other: Callable[[Cast], LedgerEntry]
) -> None:
    first = bonus(owed)
    before = snapshot()

    with pytest.raises(ConfirmationReusedError, match=r"5\.00 GBP was posted"):
        other(owed)

    assert snapshot() == before
    assert bonus(owed, note=" Bonus ") == first


@pytest.mark.parametrize("changes", [{"minimum_minor": 600}, {"currency": "EUR"}])
def test_what_drafted_one_run_drafts_no_other(owed: Cast, changes: dict[str, Any]) -> None:
    first = draft()
    before = snapshot()

    with pytest.raises(ConfirmationReusedError):
        draft(**changes)

    assert snapshot() == before
    assert draft() == first


def test_a_run_of_other_members_is_another_one(owed: Cast) -> None:
    first = draft(member_ids=[owed.mara.pk])

    with pytest.raises(ConfirmationReusedError):
        draft(member_ids=[owed.june.pk])

    assert draft(member_ids=[owed.june.pk, owed.mara.pk]) == first


def test_a_worker_is_not_asked_to_draft_a_run_that_was_confirmed(owed: Cast) -> None:
    run = draft()
    confirm_run(run=run, by=SYSTEM, now=NOW)
    before = snapshot()

    again = ask_for_draft(
        currency="GBP", member_ids=None, minimum_minor=0, confirmation=KEY, by=SYSTEM, now=NOW
    )

    assert (again, snapshot()) == (run, before)


def test_a_shop_that_uses_one_for_two_members_learns_of_it(stage: Stage) -> None:
    sent = {"amount": "5.00", "note": "Bonus", "confirmation": str(KEY)}

    first = stage.send("POST", "/adjustments", {"enrollment": stage.id("enrollment"), **sent})
    other = stage.send("POST", "/adjustments", {"enrollment": stage.id("indebted"), **sent})

    assert (first.status_code, other.status_code) == (201, 422)
    assert "confirmed already" in other.json()["detail"]


def test_staff_who_go_back_and_change_the_amount_learn_of_it(owed: Cast, theo: Client) -> None:
    page = reverse("brand_admin:adjustment_new", args=[owed.juniper.slug])
    address = f"{page}?enrollment={owed.mara_in_glow.pk}"
    form = {"kind": "bonus", "note": "Bonus", "confirmation": str(KEY)}

    first = theo.post(address, {**form, "amount": "5.00"})
    second = theo.post(address, {**form, "amount": "7.00"})

    assert (first.status_code, second.status_code) == (302, 422)
    assert "was posted" in second.content.decode()


@pytest.mark.django_db(transaction=True)
def test_for_two_members_at_the_same_moment_it_posts_to_one(cast: Cast) -> None:
    def post_to(name: str) -> Callable[[], str]:
        def post() -> str:
            try:
                with acting_for(cast.juniper):
                    bonus(cast, enrollment=getattr(cast, name))
            except ConfirmationReusedError:
                return "refused"
            finally:
                connection.close()
            return "posted"

        return post

    said = all_at_once([post_to("mara_in_glow"), post_to("june_in_glow")] * 4)

    assert sorted(set(said)) == ["posted", "refused"]
    with acting_for(cast.juniper):
        assert LedgerEntry.objects.filter(kind="adjustment").count() == 1
