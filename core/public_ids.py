"""Ids that the API shows in place of row numbers: "mem_" and 26 letters and digits.

An id is one AES block (FIPS 197) that holds the brand, the row's number and four zero bytes, so it
tells no number and needs no column. Each kind of row has its own key, made from `PUBLIC_ID_KEY`. An
id that was altered, or is of another brand or kind, does not decode; one made up by chance passes
once in 2**64 tries. With another `PUBLIC_ID_KEY` every id is another one.
"""

from __future__ import annotations

import hmac
from enum import StrEnum
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

# Crockford's letters and digits, without those that look alike.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # pragma: allowlist secret
LENGTH = 26  # of the part after the prefix: 128 bits, five in each character
PATTERN = f"[{ALPHABET}]{{{LENGTH}}}"
BLOCK_BYTES, BRAND_BYTES, ROW_BYTES = 16, 4, 8
NO_BYTES = bytes(BLOCK_BYTES - BRAND_BYTES - ROW_BYTES)
MAX_ROW = 2**63 - 1  # of a bigint


class IdKind(StrEnum):
    """The kinds of rows that have such an id, each by its prefix."""

    MEMBER = "mem"
    OFFER = "ofr"
    TERMS = "trm"
    ENROLLMENT = "enr"
    CODE = "cod"
    LINK = "lnk"
    LINK_DOMAIN = "lnd"
    ORDER = "ord"
    REVISION = "rev"
    REFUND = "ref"
    CLICK = "clk"
    CONVERSION = "cnv"
    QUESTION = "qst"
    FLAG = "flg"
    PAYOUT = "pay"
    RUN = "run"
    ENDPOINT = "end"
    DELIVERY = "dlv"
    CAMPAIGN = "cmp"
    MESSAGE = "msg"
    # Only webhooks name these; no operation asks for one.
    CLICK_EARNING = "cle"
    ENTRY = "ent"


def public_id(kind: IdKind, *, brand_id: int, row_id: int) -> str:
    """Return the id of a row of a brand: the same one each time."""
    block = brand_id.to_bytes(BRAND_BYTES, "big") + row_id.to_bytes(ROW_BYTES, "big") + NO_BYTES
    encryptor = _cipher(kind, settings.PUBLIC_ID_KEY).encryptor()
    return f"{kind.value}_{_written(encryptor.update(block))}"


def row_id_in(kind: IdKind, text: str, *, brand_id: int) -> int | None:
    """Return the number of the row that an id names; None unless it is one of this brand."""
    prefix, _, written = text.partition("_")
    block = _read(written) if prefix == kind.value else None
    if block is None:
        return None
    found = _cipher(kind, settings.PUBLIC_ID_KEY).decryptor().update(block)
    brand, row = found[:BRAND_BYTES], int.from_bytes(found[BRAND_BYTES:-4], "big")
    is_ours = found[-4:] == NO_BYTES and int.from_bytes(brand, "big") == brand_id
    return row if is_ours and row <= MAX_ROW else None


@cache
def _cipher(kind: IdKind, key: str) -> Cipher[Any]:
    own = hmac.digest(key.encode(), f"tributary.id.{kind.value}".encode(), "sha256")
    # One block for each key and row: the mode for several blocks is not used.
    return Cipher(algorithms.AES(own), modes.ECB())  # noqa: S305  # nosec B305


def _written(block: bytes) -> str:
    number = int.from_bytes(block, "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * LENGTH - 5, -1, -5))


def _read(written: str) -> bytes | None:
    if len(written) != LENGTH or any(one not in ALPHABET for one in written):
        return None
    number = 0
    for one in written:
        number = number << 5 | ALPHABET.index(one)
    return number.to_bytes(BLOCK_BYTES, "big") if number < 2 ** (8 * BLOCK_BYTES) else None
