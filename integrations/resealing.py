"""Encrypt credentials of shops again with a new first key, so that the old key can be removed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from core.sealing import SealError
from core.tenancy import across_brands
from integrations.credentials import is_sealed_by_first_key, reseal
from integrations.models import Connection

SEALED = ("sealed_credentials", "sealed_secret", "sealed_former_secret")


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many connections have the first key now, and how many no key can decrypt."""

    resealed: int
    unreadable: int


def reseal_connections() -> Resealed:
    """Encrypt what is sealed with another key again. A second run changes nothing."""
    resealed = unreadable = 0
    with across_brands(reason="a key is replaced for all brands"):
        ids = list(Connection.objects.order_by("pk").values_list("pk", flat=True))
        for pk in ids:
            try:
                resealed += _reseal(pk)
            except SealError:
                unreadable += 1
    return Resealed(resealed, unreadable)


@transaction.atomic
def _reseal(pk: int) -> int:
    row = Connection.objects.select_for_update().get(pk=pk)
    old = {name: getattr(row, name) for name in SEALED}
    new = {
        name: reseal(text)
        for name, text in old.items()
        if text and not is_sealed_by_first_key(text)
    }
    if new:
        Connection.objects.filter(pk=pk).update(**new)
    return int(bool(new))
