"""Encrypt secrets of endpoints again with a new first key, so that the old key can be removed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from core.sealing import SealError
from core.tenancy import across_brands
from webhooks.models import Endpoint
from webhooks.signing import is_sealed_by_first_key, reseal

SEALED = ("sealed_secret", "sealed_former_secret")


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many endpoints have the first key now, and how many no key can decrypt."""

    resealed: int
    unreadable: int


def reseal_endpoints() -> Resealed:
    """Encrypt what is sealed with another key again. A second run changes nothing."""
    resealed = unreadable = 0
    with across_brands(reason="a key is replaced for all brands"):
        for pk in list(Endpoint.objects.order_by("pk").values_list("pk", flat=True)):
            try:
                resealed += _reseal(pk)
            except SealError:
                unreadable += 1
    return Resealed(resealed, unreadable)


@transaction.atomic
def _reseal(pk: int) -> int:
    row = Endpoint.objects.select_for_update().get(pk=pk)
    new = {
        name: reseal(text)
        for name in SEALED
        if (text := getattr(row, name)) and not is_sealed_by_first_key(text)
    }
    if new:
        Endpoint.objects.filter(pk=pk).update(**new)
    return int(bool(new))
