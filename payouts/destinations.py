"""Check bank and PayPal accounts: which fields a country needs, and whether they are valid.

IBANs (ISO 13616 and the SWIFT registry), BICs (ISO 9362) and American routing numbers are checked
by python-stdnum, British sort codes and account numbers by their length. Nothing is stored here,
and no object of this module shows an account number in a log: `repr` leaves them out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from enum import StrEnum

from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum import numdb
from stdnum.us import rtn as routing_numbers

from core.text import single_spaced
from notifications.email_addresses import is_address
from payouts.models import PayoutMethod

MAX_HOLDER_LENGTH = 140  # characters: ISO 20022, pacs.008, Nm
MAX_TAX_ID_LENGTH = 40  # characters
HIDDEN = "····"
_SEPARATORS = re.compile(r"[\s.\-/]")


class BankScheme(StrEnum):
    """Which numbers identify a bank account in a country."""

    IBAN = "iban"
    UK = "uk"  # sort code and account number
    US = "us"  # routing number and account number
    OTHER = "other"  # the bank's BIC and the account number


# Where payments inside the country go by something else than an IBAN, or where there is none.
OWN_SCHEMES = {"GB": BankScheme.UK, "US": BankScheme.US}


class DestinationError(ValueError):
    """The account is not valid; `field` names the wrong field and `code` the reason."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


@dataclass(frozen=True, slots=True)
class Destination:
    """An account to pay to. Fields that its scheme does not need are empty."""

    method: PayoutMethod
    country: str
    holder: str = field(repr=False)
    iban: str = field(default="", repr=False)
    bic: str = field(default="", repr=False)
    bank_code: str = field(default="", repr=False)  # sort code or routing number
    account_number: str = field(default="", repr=False)
    paypal: str = field(default="", repr=False)
    tax_id: str = field(default="", repr=False)

    @property
    def ending(self) -> str:
        """The masked account, which may be shown: "····4821", "j···@okafor.example"."""
        if self.method == PayoutMethod.PAYPAL:
            name, _, domain = self.paypal.partition("@")
            return f"{name[:1]}···@{domain}"[:80]
        return HIDDEN + (self.iban or self.account_number)[-4:]

    def values(self) -> dict[str, str]:
        """Return the fields by name, for encryption."""
        return {one.name: str(getattr(self, one.name)) for one in fields(self)}


def scheme_of(country: str) -> BankScheme:
    """Return which numbers identify an account in this country."""
    if country in OWN_SCHEMES:
        return OWN_SCHEMES[country]
    return BankScheme.IBAN if iban_length(country) else BankScheme.OTHER


def iban_length(country: str) -> int:
    """How long this country's IBANs are; 0 where there are none.

    The registry describes what follows the country and the check digits: "8!n10!n".
    """
    found = numdb.get("iban").info(country)
    structure = found[0][1].get("bban", "") if found else ""
    return sum(int(length) for length in re.findall(r"(\d+)!", structure)) + 4 if structure else 0


def bank_account(
    *,
    country: str,
    holder: str,
    iban: str = "",
    bic: str = "",
    bank_code: str = "",
    account_number: str = "",
    tax_id: str = "",
) -> Destination:
    """Return a checked bank account. Raises DestinationError for the first wrong field."""
    scheme = scheme_of(country)
    checked: dict[str, str] = {}
    if scheme == BankScheme.IBAN:
        checked = {"iban": _iban(iban), "bic": _bic(bic) if bic.strip() else ""}
    elif scheme == BankScheme.UK:
        checked["bank_code"] = _digits("bank_code", bank_code, at_least=6, at_most=6)
        checked["account_number"] = _digits("account_number", account_number, at_least=8, at_most=8)
    elif scheme == BankScheme.US:
        checked["bank_code"] = _routing_number(bank_code)
        number = _digits("account_number", account_number, at_least=4, at_most=17)
        checked["account_number"] = number
    else:
        checked["bic"] = _bic(bic)
        checked["account_number"] = _account(account_number)
    return Destination(
        method=PayoutMethod.BANK,
        country=country,
        holder=_words("holder", holder, MAX_HOLDER_LENGTH),
        tax_id=_words("tax_id", tax_id, MAX_TAX_ID_LENGTH) if tax_id.strip() else "",
        **checked,
    )


def paypal_account(*, country: str, holder: str, paypal: str, tax_id: str = "") -> Destination:
    """Return a PayPal account. Raises DestinationError.

    The address has to begin with a letter or digit: in PayPal's file, an address that a spreadsheet
    would run as a formula gets an apostrophe before it, and would be somebody else's.
    """
    address = paypal.strip().lower()
    if not (is_address(address) and re.match("[a-z0-9]", address)):
        raise DestinationError("paypal", "address")
    return Destination(
        method=PayoutMethod.PAYPAL,
        country=country,
        holder=_words("holder", holder, MAX_HOLDER_LENGTH),
        paypal=address,
        tax_id=_words("tax_id", tax_id, MAX_TAX_ID_LENGTH) if tax_id.strip() else "",
    )


def _iban(written: str) -> str:
    number = _SEPARATORS.sub("", written).upper()
    wanted = iban_length(number[:2])
    if not (re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]+", number) and wanted):
        raise DestinationError("iban", "no_iban")
    if len(number) != wanted:
        raise DestinationError("iban", "length")
    if not ibans.is_valid(number):
        raise DestinationError("iban", "check")
    return number


def _bic(written: str) -> str:
    number = _SEPARATORS.sub("", written).upper()
    if not bics.is_valid(number):
        raise DestinationError("bic", "no_bic")
    return number


def _routing_number(written: str) -> str:
    number = _digits("bank_code", written, at_least=9, at_most=9)
    if not routing_numbers.is_valid(number):
        raise DestinationError("bank_code", "check")
    return number


def _digits(field: str, written: str, *, at_least: int, at_most: int) -> str:
    number = _SEPARATORS.sub("", written)
    if not (number.isascii() and number.isdecimal() and at_least <= len(number) <= at_most):
        raise DestinationError(field, "digits")
    return number


def _account(written: str) -> str:
    number = _SEPARATORS.sub("", written).upper()
    if not re.fullmatch(r"[0-9A-Z]{4,34}", number):
        raise DestinationError("account_number", "account")
    return number


def _words(field: str, written: str, max_length: int) -> str:
    words = single_spaced(written)
    if not words:
        raise DestinationError(field, "missing")
    if len(words) > max_length or not words.isprintable():
        raise DestinationError(field, "words")
    return words
