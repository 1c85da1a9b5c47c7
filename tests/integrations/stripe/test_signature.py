"""A delivery is believed only with a signature of one of the secrets, of the last five minutes."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.stripe.signature import is_signed, sign

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
BODY = '{"id": "evt_1", "name": "Zoë"}'.encode()
SECRET, OTHER = "whsec_one", "whsec_two"


def v1(body: bytes, secret: str, at: datetime) -> str:
    """The signature as Stripe's documentation describes it, without its library."""
    signed = f"{int(at.timestamp())}.".encode() + body
    return hmac.new(secret.encode(), signed, "sha256").hexdigest()


def header(*signatures: str, at: datetime = NOW) -> str:
    return ",".join([f"t={int(at.timestamp())}", *(f"v1={one}" for one in signatures)])


def test_the_documented_signature_is_right() -> None:
    signed = header(v1(BODY, SECRET, NOW))

    assert sign(BODY, secret=SECRET, now=NOW) == signed
    assert is_signed(signed, BODY, secrets=[SECRET], now=NOW)


def test_one_of_several_signatures_and_one_of_two_secrets_is_enough() -> None:
    signed = header("0" * 64, v1(BODY, OTHER, NOW))

    assert is_signed(f"{signed},v0=whatever", BODY, secrets=[SECRET, OTHER], now=NOW)
    assert not is_signed(signed, BODY, secrets=[SECRET], now=NOW)
    assert not is_signed(signed, BODY, secrets=[], now=NOW)


def test_another_body_is_not_signed() -> None:
    signed = header(v1(BODY, SECRET, NOW))

    assert not is_signed(signed, BODY + b" ", secrets=[SECRET], now=NOW)
    assert not is_signed(signed, BODY[:-1], secrets=[SECRET], now=NOW)


@pytest.mark.parametrize(
    ("seconds", "is_right"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_the_tolerance_is_five_minutes_by_the_time_that_is_given(
    seconds: int, is_right: bool
) -> None:
    signed = header(v1(BODY, SECRET, NOW))

    now = NOW + timedelta(seconds=seconds)
    assert is_signed(signed, BODY, secrets=[SECRET], now=now) is is_right


def test_a_time_cannot_be_put_beside_the_signed_one() -> None:
    old = NOW - timedelta(days=1)
    signature = v1(BODY, SECRET, old)

    for forged in (
        f"t={int(NOW.timestamp())},t={int(old.timestamp())},v1={signature}",
        f"t={int(old.timestamp())},t={int(NOW.timestamp())},v1={signature}",
    ):
        assert not is_signed(forged, BODY, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize(
    "wrong",
    ["", "t=,v1=", "v1=abc", "t=abc,v1=abc", f"t={'9' * 5000},v1=a", "t=1", "=,=", "t=-5,v1=x",
     f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp())},v1=é", f"t={int(NOW.timestamp())},v1"],
)  # fmt: skip
def test_a_header_of_another_form_is_not_signed(wrong: str) -> None:
    assert not is_signed(wrong, BODY, secrets=[SECRET], now=NOW)


def test_a_body_that_is_no_text_is_not_signed() -> None:
    body = b"\xff\xfe"

    assert not is_signed(header(v1(body, SECRET, NOW)), body, secrets=[SECRET], now=NOW)


@given(st.text(), st.binary(), st.text())
def test_nothing_is_raised(any_header: str, body: bytes, secret: str) -> None:
    prefix = f"t={int(NOW.timestamp())},v1="
    assert not is_signed(any_header, body, secrets=[secret], now=NOW)
    assert not is_signed(prefix + any_header, body, secrets=[secret], now=NOW)
