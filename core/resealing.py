"""Encrypt sealed columns again with a new first key, so that the old key can be removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from core.sealing import Seal, SealError
from core.tenancy import TenantModel, across_brands


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many rows have the first key now, and how many no key can decrypt."""

    resealed: int
    unreadable: int


def reseal_rows(model: type[TenantModel], *, columns: Sequence[str], seal: Seal) -> Resealed:
    """Encrypt what is sealed with another key again, row by row. A second run changes nothing."""
    resealed = unreadable = 0
    with across_brands(reason="a key is replaced for all brands"):
        for pk in list(model.objects.order_by("pk").values_list("pk", flat=True)):
            try:
                resealed += _reseal(model, pk, columns, seal)
            except SealError:
                unreadable += 1
    return Resealed(resealed, unreadable)


@transaction.atomic
def _reseal(model: type[TenantModel], pk: int, columns: Sequence[str], seal: Seal) -> int:
    row = model.objects.select_for_update().get(pk=pk)
    new = {
        name: seal.reseal(text)
        for name in columns
        if (text := getattr(row, name)) and not seal.is_sealed_by_first_key(text)
    }
    if new:
        model.objects.filter(pk=pk).update(**new)
    return int(bool(new))
