"""Encrypt payout details: account numbers and tax ids. See core.sealing."""

from __future__ import annotations

from core.sealing import Seal
from core.sealing import SealError as SealError

_SEAL = Seal("payout details")  # part of the keys: with another text no stored details open

seal = _SEAL.seal
unseal = _SEAL.unseal
is_sealed_by_first_key = _SEAL.is_sealed_by_first_key
reseal = _SEAL.reseal
