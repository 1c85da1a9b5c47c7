"""Mailed codes: once, ten minutes, five tries, one live per browser and purpose, few at a time."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.code_limits import Requester
from accounts.codes import (
    ExpiredCodeError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    code_of,
    enter_code,
    forget_codes,
    forget_old_codes,
    is_proven,
    spend_code,
)
from accounts.models import CodeCount, CodePurpose, CodeState, MailedCode
from tests.cast import NOW
from tests.snapshot import snapshot

pytestmark = pytest.mark.django_db
ADDRESS = "june@okafor.example"
PAYOUT = CodePurpose.PAYOUT_DETAILS
JUNE = Requester(browser="June's phone", network="203.0.113.1")


def ask(
    *,
    purpose: CodePurpose = PAYOUT,
    address: str = ADDRESS,
    requester: Requester = JUNE,
    state: CodeState = CodeState.MAILED,
    minutes: int = 0,
) -> MailedCode:
    """A code that was asked for and mailed, unless `state` says otherwise."""
    row = ask_code(
        address=address, purpose=purpose, requester=requester, now=NOW + timedelta(minutes=minutes)
    )
    MailedCode.objects.filter(pk=row.pk).update(state=state)
    return row


def enter(
    row: MailedCode, code: str | None = None, *, requester: Requester = JUNE, minutes: int = 0
) -> MailedCode:
    """Enter the right code unless told another."""
    return enter_code(
        public_id=row.public_id,
        code=code_of(row.public_id) if code is None else code,
        requester=requester,
        now=NOW + timedelta(minutes=minutes),
    )


def wrong(row: MailedCode) -> str:
    return f"{(int(code_of(row.public_id)) + 1) % 1_000_000:06d}"


def spend(new: MailedCode, *, address: str = ADDRESS, minutes: int = 0) -> None:
    spend_code(
        public_id=new.public_id,
        purpose=PAYOUT,
        address=address,
        now=NOW + timedelta(minutes=minutes),
    )


def test_neither_the_code_nor_who_asked_can_be_read_from_the_tables() -> None:
    row = ask()

    with connection.cursor() as cursor:
        cursor.execute("SELECT code::text FROM accounts_mailedcode AS code")
        kept = cursor.fetchall()
        cursor.execute("SELECT whom FROM accounts_codecount")
        kept += cursor.fetchall()

    for secret in (code_of(row.public_id), JUNE.browser, JUNE.network):
        assert secret not in str(kept)
    assert len(code_of(row.public_id)) == 6


def test_codes_follow_from_the_secret_key(settings: Any) -> None:
    public_id = uuid.uuid4()
    code = code_of(public_id)

    assert code_of(public_id) == code
    assert len({code_of(uuid.uuid4()) for _ in range(200)}) > 190
    settings.SECRET_KEY = "another"
    assert code_of(public_id) != code


def test_a_code_is_entered_once() -> None:
    row = ask()

    enter(row)

    with pytest.raises(ExpiredCodeError):
        enter(row)


def test_the_sixth_try_is_none_even_with_the_right_code() -> None:
    row = ask()

    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCodeError) as refused:
            enter(row, wrong(row))
        assert refused.value.left == left
    for code in (wrong(row), None):
        with pytest.raises(ExpiredCodeError):
            enter(row, code)

    assert MailedCode.objects.get().proven_at is None


def test_ten_minutes_are_the_end() -> None:
    row = ask()

    with pytest.raises(ExpiredCodeError):
        enter(row, minutes=10)

    assert MailedCode.objects.get().tries == 0


def test_a_newer_code_ends_the_older_of_its_browser_and_purpose_alone() -> None:
    laptop = replace(JUNE, browser="June's laptop")
    older, other = ask(), ask(purpose=CodePurpose.EXPORT)
    elsewhere, newer = ask(requester=laptop), ask(minutes=1)

    with pytest.raises(ExpiredCodeError):
        enter(older)

    enter(newer, minutes=1)
    enter(other)
    enter(elsewhere, requester=laptop)


def test_a_code_is_over_in_another_browser() -> None:
    row = ask()
    before = snapshot()

    with pytest.raises(ExpiredCodeError):
        enter(row, requester=replace(JUNE, browser="another"))

    assert snapshot() == before
    enter(row)


def test_who_has_no_browser_can_ask_for_nothing() -> None:
    with pytest.raises(ValueError, match="browser"):
        ask(requester=Requester(browser=""))


@pytest.mark.parametrize("state", [CodeState.WAITING, CodeState.NOBODY])
def test_a_code_that_was_not_mailed_opens_nothing(state: CodeState) -> None:
    row = ask(state=state)

    for code in ("", None):
        with pytest.raises(WrongCodeError):
            enter(row, code)


def test_postgresql_refuses_to_prove_what_was_not_mailed() -> None:
    row = ask(state=CodeState.WAITING)

    with pytest.raises(IntegrityError, match="accounts_code_mailed_first"), transaction.atomic():
        MailedCode.objects.filter(pk=row.pk).update(proven_at=NOW)


def test_a_code_that_was_never_asked_for_is_over() -> None:
    with pytest.raises(ExpiredCodeError):
        enter_code(public_id=uuid.uuid4(), code="000000", requester=JUNE, now=NOW)


@pytest.mark.parametrize(
    ("known_as", "an_hour"), [("", 10), ("user 1", 20)], ids=["stranger", "known"]
)
def test_three_a_minute_and_so_many_an_hour(known_as: str, an_hour: int) -> None:
    requester = replace(JUNE, known_as=known_as)
    for _ in range(3):
        ask(requester=requester)
    with pytest.raises(TooManyCodesError) as refused:
        ask(requester=requester)
    assert refused.value.wait == timedelta(minutes=1)
    ask(requester=requester, address="mara@lindqvist.example", minutes=1)
    others = 0 if known_as else 1  # of a stranger each address has a count of its own
    for minutes in range(2, an_hour - 2 + others):
        ask(requester=requester, minutes=minutes)
    before = snapshot()

    with pytest.raises(TooManyCodesError) as refused:
        ask(requester=requester, minutes=50)

    assert refused.value.wait == timedelta(minutes=10)
    assert snapshot() == before
    ask(requester=requester, minutes=60)


def test_who_is_known_is_counted_apart_from_strangers() -> None:
    for number in range(20):
        ask(requester=replace(JUNE, browser=str(number)), address=f"x{number}@else.example")
    with pytest.raises(TooManyCodesError):
        ask(purpose=CodePurpose.LOG_IN)
    counts = set(CodeCount.objects.values_list("name", "whom"))

    ask(requester=replace(JUNE, known_as="browser 1"), purpose=CodePurpose.LOG_IN)

    new = set(CodeCount.objects.values_list("name", "whom")) - counts
    assert {name for name, _ in new} == {
        "codes: one known browser or person, a minute",
        "codes: one known browser or person, an hour",
    }


def test_all_networks_together_ask_for_a_bounded_number() -> None:
    for number in range(300):
        requester = Requester(browser=str(number), network=f"10.{number % 250}.{number // 250}.1")
        ask(requester=requester, address=f"x{number}@else.example")

    with pytest.raises(TooManyCodesError):
        ask()

    ask(requester=replace(JUNE, known_as="browser 1"))
    ask(minutes=1)


def test_codes_for_somebody_elses_address_are_counted_over_all_who_ask() -> None:
    for number in range(48):
        ask(requester=replace(JUNE, browser=str(number), known_as=f"user {number}"))

    with pytest.raises(TooManyCodesError):
        ask(requester=replace(JUNE, browser="one more", known_as="user 99"))


def test_only_wrong_guesses_are_counted() -> None:
    for number in range(3):
        requester = replace(JUNE, browser=str(number))
        enter(ask(requester=requester), requester=requester)

    assert not CodeCount.objects.filter(name__startswith="wrong").exists()


def test_a_network_that_guessed_too_often_gets_no_more_codes() -> None:
    for number in range(6):
        requester = replace(JUNE, browser=str(number))
        row = ask(requester=requester, address=f"x{number}@else.example")
        for _ in range(5):
            with pytest.raises((WrongCodeError, ExpiredCodeError)):
                enter(row, wrong(row), requester=requester)

    with pytest.raises(TooManyCodesError):
        ask(minutes=5)

    ask(requester=replace(JUNE, network="198.51.100.1"), minutes=5)
    ask(requester=replace(JUNE, known_as="browser 1"), minutes=5)
    ask(minutes=60)


def test_an_entered_code_is_spent_once_by_its_owner_within_ten_minutes() -> None:
    new = ask()
    with pytest.raises(ExpiredCodeError):
        spend(new)  # not entered yet
    enter(new)
    for address, minutes in (("mara@lindqvist.example", 0), (ADDRESS, 10)):
        with pytest.raises(ExpiredCodeError):
            spend(new, address=address, minutes=minutes)
    with pytest.raises(ExpiredCodeError):
        spend_code(public_id=new.public_id, purpose=CodePurpose.DELETION, address=ADDRESS, now=NOW)
    assert is_proven(public_id=new.public_id, purpose=PAYOUT, address=ADDRESS, now=NOW)

    spend(new, minutes=9)

    assert not is_proven(public_id=new.public_id, purpose=PAYOUT, address=ADDRESS, now=NOW)
    with pytest.raises(ExpiredCodeError):
        spend(new)


def test_what_failed_after_spending_leaves_the_code_unspent() -> None:
    new = ask()
    enter(new)

    def fail_afterwards() -> None:
        with transaction.atomic():
            spend(new)
            raise LookupError

    with pytest.raises(LookupError):
        fail_afterwards()

    spend(new)


def test_a_login_code_opens_nothing_else() -> None:
    new = ask(purpose=CodePurpose.LOG_IN)

    enter(new)

    for purpose in CodePurpose:
        assert not is_proven(public_id=new.public_id, purpose=purpose, address=ADDRESS, now=NOW)


def test_old_rows_go_and_an_address_can_be_forgotten() -> None:
    ask(address="old@else.example")
    ask(address="other@else.example", minutes=2)

    ask(minutes=24 * 60 + 1)
    forget_old_codes(now=NOW + timedelta(minutes=24 * 60 + 1))
    forget_codes(address="Other@Else.example")

    assert set(MailedCode.objects.values_list("address", flat=True)) == {ADDRESS}
    assert CodeCount.objects.filter(since__lt=NOW + timedelta(hours=1)).count() == 0


@pytest.mark.django_db(transaction=True)
def test_twelve_who_enter_it_at_once_are_let_in_once() -> None:
    new = ask()
    outcomes: list[str] = []

    def enter_once() -> None:
        try:
            enter(new)
            outcomes.append("in")
        except ExpiredCodeError:
            outcomes.append("over")
        finally:
            connection.close()

    threads = [threading.Thread(target=enter_once) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("in") == 1
    assert len(outcomes) == 12


@pytest.mark.django_db(transaction=True)
def test_twelve_who_ask_at_once_are_counted_exactly() -> None:
    outcomes: list[bool] = []

    def ask_once(number: int) -> None:
        try:
            ask(requester=replace(JUNE, browser=str(number)))
            outcomes.append(True)
        except TooManyCodesError:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask_once, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False] * 9 + [True] * 3
    assert MailedCode.objects.count() == 3
