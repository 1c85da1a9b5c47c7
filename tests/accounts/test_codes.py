"""Mailed codes: once, ten minutes, five tries, one live per address and purpose, few at a time."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.codes import (
    CodeOverError,
    NewCode,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
    forget_codes,
    is_proven,
    spend_code,
)
from accounts.models import CodePurpose, MailedCode
from tests.cast import NOW
from tests.snapshot import snapshot

pytestmark = pytest.mark.django_db
ADDRESS = "june@okafor.example"
PAYOUT = CodePurpose.PAYOUT_DETAILS


def ask(
    *,
    purpose: CodePurpose = PAYOUT,
    address: str = ADDRESS,
    is_known: bool = True,
    minutes: int = 0,
) -> NewCode:
    return ask_code(
        address=address,
        purpose=purpose,
        client="203.0.113.1",
        is_known=is_known,
        now=NOW + timedelta(minutes=minutes),
    )


def wrong(code: str) -> str:
    return f"{(int(code or 0) + 1) % 1_000_000:06d}"


def spend(new: NewCode, *, address: str = ADDRESS, minutes: int = 0) -> None:
    spend_code(
        public_id=new.public_id,
        purpose=PAYOUT,
        address=address,
        now=NOW + timedelta(minutes=minutes),
    )


def test_neither_the_code_nor_who_asked_can_be_read_from_the_row() -> None:
    new = ask()

    row = MailedCode.objects.get()

    assert len(new.code) == 6
    assert new.code not in row.digest
    assert "203.0.113.1" not in row.client
    assert new.code not in repr(new)


def test_a_code_is_entered_once() -> None:
    new = ask()

    enter_code(public_id=new.public_id, code=new.code, now=NOW)

    with pytest.raises(CodeOverError):
        enter_code(public_id=new.public_id, code=new.code, now=NOW)


def test_the_sixth_try_is_none_even_with_the_right_code() -> None:
    new = ask()

    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCodeError) as refused:
            enter_code(public_id=new.public_id, code=wrong(new.code), now=NOW)
        assert refused.value.left == left
    for code in (wrong(new.code), new.code):
        with pytest.raises(CodeOverError):
            enter_code(public_id=new.public_id, code=code, now=NOW)

    assert MailedCode.objects.get().proven_at is None


def test_ten_minutes_are_the_end() -> None:
    new = ask()

    with pytest.raises(CodeOverError):
        enter_code(public_id=new.public_id, code=new.code, now=NOW + timedelta(minutes=10))

    assert MailedCode.objects.get().tries == 0


def test_a_newer_code_ends_the_older_of_its_purpose_alone() -> None:
    older, other, newer = ask(), ask(purpose=CodePurpose.EXPORT), ask()

    with pytest.raises(CodeOverError):
        enter_code(public_id=older.public_id, code=older.code, now=NOW)

    enter_code(public_id=newer.public_id, code=newer.code, now=NOW)
    enter_code(public_id=other.public_id, code=other.code, now=NOW)


def test_no_code_is_right_for_an_address_that_nobody_has() -> None:
    new = ask(is_known=False)

    assert new.code == ""
    for code in ("", "000000"):
        with pytest.raises(WrongCodeError):
            enter_code(public_id=new.public_id, code=code, now=NOW)


def test_a_code_that_was_never_asked_for_is_over() -> None:
    with pytest.raises(CodeOverError):
        enter_code(public_id=uuid.uuid4(), code="000000", now=NOW)


def test_three_a_minute_and_ten_an_hour() -> None:
    for _ in range(3):
        ask()
    with pytest.raises(TooManyCodesError):
        ask()
    ask(address="mara@lindqvist.example")
    for minutes in range(2, 9):
        ask(minutes=minutes)
    before = snapshot()

    with pytest.raises(TooManyCodesError):
        ask(minutes=10)

    assert snapshot() == before
    ask(minutes=63)


def test_an_entered_code_is_spent_once_by_its_owner_within_ten_minutes() -> None:
    new = ask()
    with pytest.raises(CodeOverError):
        spend(new)  # not entered yet
    enter_code(public_id=new.public_id, code=new.code, now=NOW)
    for address, minutes in (("mara@lindqvist.example", 0), (ADDRESS, 10)):
        with pytest.raises(CodeOverError):
            spend(new, address=address, minutes=minutes)
    with pytest.raises(CodeOverError):
        spend_code(public_id=new.public_id, purpose=CodePurpose.DELETION, address=ADDRESS, now=NOW)
    assert is_proven(public_id=new.public_id, purpose=PAYOUT, address=ADDRESS, now=NOW)

    spend(new, minutes=9)

    assert not is_proven(public_id=new.public_id, purpose=PAYOUT, address=ADDRESS, now=NOW)
    with pytest.raises(CodeOverError):
        spend(new)


def test_what_failed_after_spending_leaves_the_code_unspent() -> None:
    new = ask()
    enter_code(public_id=new.public_id, code=new.code, now=NOW)

    def fail_afterwards() -> None:
        with transaction.atomic():
            spend(new)
            raise LookupError

    with pytest.raises(LookupError):
        fail_afterwards()

    spend(new)


def test_a_login_code_opens_nothing_else() -> None:
    new = ask(purpose=CodePurpose.LOG_IN)

    enter_code(public_id=new.public_id, code=new.code, now=NOW)

    for purpose in CodePurpose:
        assert not is_proven(public_id=new.public_id, purpose=purpose, address=ADDRESS, now=NOW)


def test_old_rows_go_and_an_address_can_be_forgotten() -> None:
    ask(address="old@else.example")
    ask(address="other@else.example", minutes=2)

    ask(minutes=24 * 60 + 1)
    forget_codes(address="Other@Else.example")

    assert set(MailedCode.objects.values_list("address", flat=True)) == {ADDRESS}


@pytest.mark.django_db(transaction=True)
def test_twelve_who_enter_it_at_once_are_let_in_once() -> None:
    new = ask()
    outcomes: list[str] = []

    def enter() -> None:
        try:
            enter_code(public_id=new.public_id, code=new.code, now=NOW)
            outcomes.append("in")
        except CodeOverError:
            outcomes.append("over")
        finally:
            connection.close()

    threads = [threading.Thread(target=enter) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("in") == 1
    assert len(outcomes) == 12
