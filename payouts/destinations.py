"""Check bank and PayPal accounts: which fields a country needs, and whether they are valid.

IBANs are checked by ISO 13616 (lengths of the SWIFT registry, check digits modulo 97), American
routing numbers by their check digit, British sort codes and account numbers by their length. This
module stores nothing, and `repr` leaves account numbers out, so that no log shows one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from enum import StrEnum

from payouts.models import PayoutMethod

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GE": 22, "GI": 23, "GL": 18,
    "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27,
    "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24,
    "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24,
    "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
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
    if country in IBAN_LENGTHS:
        return BankScheme.IBAN
    return {"GB": BankScheme.UK, "US": BankScheme.US}.get(country, BankScheme.OTHER)


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

    The caller has checked that `paypal` is an email address.
    """
    return Destination(
        method=PayoutMethod.PAYPAL,
        country=country,
        holder=_words("holder", holder, MAX_HOLDER_LENGTH),
        paypal=paypal.strip().lower(),
        tax_id=_words("tax_id", tax_id, MAX_TAX_ID_LENGTH) if tax_id.strip() else "",
    )


def _iban(written: str) -> str:
    iban = _SEPARATORS.sub("", written).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]+", iban):
        raise DestinationError("iban", "no_iban")
    wanted = IBAN_LENGTHS.get(iban[:2], 22 if iban[:2] == "GB" else 0)
    if not wanted:
        raise DestinationError("iban", "no_iban")
    if len(iban) != wanted:
        raise DestinationError("iban", "length")
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    if int(digits) % 97 != 1:
        raise DestinationError("iban", "check")
    return iban


def _bic(written: str) -> str:
    bic = _SEPARATORS.sub("", written).upper()
    if not re.fullmatch(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", bic):
        raise DestinationError("bic", "no_bic")
    return bic


def _routing_number(written: str) -> str:
    number = _digits("bank_code", written, at_least=9, at_most=9)
    weights = (3, 7, 1) * 3
    if sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True)) % 10:
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
    words = " ".join(written.split())
    if not words:
        raise DestinationError(field, "missing")
    if len(words) > max_length or not words.isprintable():
        raise DestinationError(field, "words")
    return words
