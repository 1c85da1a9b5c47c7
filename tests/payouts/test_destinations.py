"""Accounts that can exist, those that can't, and what may be shown of them."""

from __future__ import annotations

import pytest

from payouts.destinations import (
    BankScheme,
    DestinationError,
    bank_account,
    iban_length,
    paypal_account,
    scheme_of,
)
from payouts.sealing import SealError, seal, unseal
from tests.cast import IBAN


@pytest.mark.parametrize(
    ("country", "scheme"),
    [("DE", "iban"), ("GB", "uk"), ("US", "us"), ("IN", "other"), ("CA", "other")],
)
def test_every_country_has_its_way(country: str, scheme: str) -> None:
    assert scheme_of(country) == BankScheme(scheme)


@pytest.mark.parametrize(
    "iban",
    # The examples of the registry, with and without spaces.
    ["DE89370400440532013000", "de89 3704 0044 0532 0130 00", "NL91ABNA0417164300",
     "NO9386011117947", "MT84MALT011000012345MTLCAST001S", "FR1420041010050500013M02606"],
)  # fmt: skip
def test_ibans_are_taken_however_they_are_written(iban: str) -> None:
    account = bank_account(country="DE", holder="June", iban=iban)

    assert account.iban == iban.replace(" ", "").upper()
    assert account.ending == f"····{account.iban[-4:]}"


@pytest.mark.parametrize(
    ("iban", "code"),
    [("", "no_iban"), ("3000", "no_iban"), ("ZZ89370400440532013000", "no_iban"),
     ("DE8937040044053201300", "length"), ("DE893704004405320130000", "length"),
     ("DE88370400440532013000", "check"), ("NLABCD0417164300AB", "no_iban"),
     ("DE973704004405320130A0", "check"),
     # The check digits of the IBAN fit, those of the Spanish account in it don't.
     ("ES9500491500061234567892", "check"),
     ("DE89370400440532013001", "check"),
     ("DE89 3704 0044 0532 0130 0\u0660", "no_iban")],
)  # fmt: skip
def test_ibans_that_can_t_be_are_refused(iban: str, code: str) -> None:
    with pytest.raises(DestinationError) as refused:
        bank_account(country="DE", holder="June", iban=iban)

    assert (refused.value.field, refused.value.code) == ("iban", code)


def test_the_registry_tells_how_long_a_countrys_ibans_are() -> None:
    """NO has the shortest, RU the longest; MN joined the registry of late."""
    lengths = [iban_length(country) for country in ("NO", "DE", "MT", "RU", "MN", "US", "", "ZZ")]

    assert lengths == [15, 22, 31, 33, 20, 0, 0, 0]


def test_british_american_and_other_accounts() -> None:
    british = bank_account(
        country="GB", holder="June", bank_code="12-34-56", account_number="1234 5678"
    )
    american = bank_account(
        country="US", holder="June", bank_code="021000021", account_number="000123456789"
    )
    indian = bank_account(
        country="IN", holder="June", bic="hdfcinbb", account_number="50100012345678"
    )

    assert (british.bank_code, british.account_number) == ("123456", "12345678")
    assert american.ending == "····6789"
    assert indian.bic == "HDFCINBB"


@pytest.mark.parametrize(
    ("country", "values", "field"),
    [
        ("GB", {"bank_code": "12345", "account_number": "12345678"}, "bank_code"),
        ("GB", {"bank_code": "123456", "account_number": "1234567"}, "account_number"),
        ("US", {"bank_code": "021000022", "account_number": "1234"}, "bank_code"),
        ("US", {"bank_code": "021000021", "account_number": "123"}, "account_number"),
        ("US", {"bank_code": "02100002\u0661", "account_number": "1234"}, "bank_code"),
        ("IN", {"bic": "HDFC", "account_number": "1234"}, "bic"),
        ("IN", {"bic": "HDFCZZBB", "account_number": "1234"}, "bic"),
        ("IN", {"bic": "HDFCINBB", "account_number": "12=4"}, "account_number"),
    ],
)
def test_numbers_that_no_bank_gives_are_refused(
    country: str, values: dict[str, str], field: str
) -> None:
    with pytest.raises(DestinationError) as refused:
        bank_account(country=country, holder="June", **values)

    assert refused.value.field == field


@pytest.mark.parametrize("holder", ["", "  ", "x" * 141, "June\x00Okafor", "June\u202e"])
def test_a_holder_is_a_name(holder: str) -> None:
    with pytest.raises(DestinationError) as refused:
        bank_account(country="DE", holder=holder, iban=IBAN)

    assert refused.value.field == "holder"


def test_of_a_paypal_address_the_first_letter_and_the_host_are_shown() -> None:
    account = paypal_account(country="FR", holder="June", paypal=" June.O@Okafor.example ")

    assert account.paypal == "june.o@okafor.example"
    assert account.ending == "j···@okafor.example"


def test_no_account_number_is_in_what_a_log_would_show() -> None:
    account = bank_account(country="DE", holder="June Okafor", iban=IBAN, tax_id="DE123")

    for secret in (IBAN, "June", "DE123"):
        assert secret not in repr(account)


def test_sealed_values_are_their_owners_alone() -> None:
    sealed = seal("creator:1", {"iban": IBAN})

    assert IBAN not in sealed
    assert unseal("creator:1", sealed) == {"iban": IBAN}
    for owner, text in (("creator:2", sealed), ("creator:1", sealed[:-4] + "AAAA")):
        with pytest.raises(SealError):
            unseal(owner, text)


def test_keys_rotate(settings: pytest.FixtureRequest) -> None:
    old = settings.DETAILS_KEYS  # type: ignore[attr-defined]
    sealed = seal("creator:1", {"iban": IBAN})

    settings.DETAILS_KEYS = ["new", *old]  # type: ignore[attr-defined]
    assert unseal("creator:1", sealed) == {"iban": IBAN}
    settings.DETAILS_KEYS = ["new"]  # type: ignore[attr-defined]
    with pytest.raises(SealError):
        unseal("creator:1", sealed)


@pytest.mark.parametrize(
    "address",
    [
        "+june@okafor.example",
        "=june@okafor.example",
        "-june@okafor.example",
        '"a;=1"@okafor.example',
    ],
)
def test_a_paypal_address_that_a_spreadsheet_would_run_is_refused(address: str) -> None:
    """In PayPal's file an apostrophe would stand before it, and the money go to another address."""
    with pytest.raises(DestinationError, match="paypal: address"):
        paypal_account(country="FR", holder="June", paypal=address)
