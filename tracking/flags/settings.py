"""A brand's settings of flags: kinds in use, coupon sites, and what an offer holds for review."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from core.versions import check_version
from offers.models import Offer
from tracking.flags.coupon_sites import known_coupon_sites
from tracking.models import Flag, FlagCheck, FlagHold, FlagKind, FlagSettings, FlagState

MAX_COUPON_HOSTS = 500  # that a brand can add
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")


class FlagSettingsError(ValueError):
    """The settings can't be saved; the message is a sentence for staff."""


def flag_settings() -> FlagSettings:
    """Return the brand's settings, unsaved ones if it has none yet."""
    return FlagSettings.objects.first() or FlagSettings()


def kinds_in_use() -> frozenset[FlagKind]:
    """Return the kinds that the brand did not switch off."""
    return frozenset(FlagKind) - {FlagKind(kind) for kind in flag_settings().off_kinds}


def coupon_sites() -> frozenset[str]:
    """Return the hosts of coupon sites: ours and the brand's."""
    return known_coupon_sites() | frozenset(flag_settings().coupon_hosts)


def holds_by_offer(offer_ids: Collection[int]) -> dict[int, FlagHold]:
    """Return what these offers hold for review, by offer id."""
    return {row.offer_id: row for row in FlagHold.objects.filter(offer__in=list(offer_ids))}


@transaction.atomic
def change_flag_settings(
    *,
    off_kinds: Collection[str],
    coupon_hosts: Sequence[str],
    by: Actor,
    now: datetime,
    seen_version: int | None = None,
) -> FlagSettings:
    """Save which kinds are off and which coupon sites the brand adds.

    It counts for sales that are looked at from now on. Flags that are open stay. Raises
    FlagSettingsError for what is no host, and for more than MAX_COUPON_HOSTS, and
    core.versions.ChangedMeanwhileError.
    """
    hosts = sorted({_host(text) for text in coupon_hosts if text.strip()})
    if len(hosts) > MAX_COUPON_HOSTS:
        raise FlagSettingsError(f"Add at most {MAX_COUPON_HOSTS} coupon sites.")
    row, _ = FlagSettings.objects.select_for_update().get_or_create()
    check_version(row, seen_version)
    off = [kind for kind in FlagKind.values if kind in off_kinds]
    if (row.off_kinds, row.coupon_hosts) == (off, hosts):
        return row
    row.off_kinds, row.coupon_hosts, row.version = off, hosts, row.version + 1
    row.save()
    audit.record(
        action="flag_settings.changed", target=row, by=by, now=now, off=off, coupon_sites=len(hosts)
    )
    return row


@transaction.atomic
def change_hold(*, offer: Offer, kinds: Collection[str], by: Actor, now: datetime) -> FlagHold:
    """Hold the offer's sales for review that have flags of these kinds; FlagHold.ALL for any.

    Sales with open flags are looked at again: they are held or released within seconds.
    """
    row, _ = FlagHold.objects.select_for_update().get_or_create(offer=offer)
    wanted = [kind for kind in (FlagHold.ALL, *FlagKind.values) if kind in kinds]
    if FlagHold.ALL in wanted:
        wanted = [FlagHold.ALL]
    if row.kinds == wanted:
        return row
    row.kinds = wanted
    row.save()
    open_flags = Flag.objects.filter(offer=offer, state=FlagState.OPEN)
    conversions = open_flags.order_by().values_list("conversion", flat=True).distinct()
    FlagCheck.objects.bulk_create(FlagCheck(conversion_id=pk) for pk in conversions)
    audit.record(
        action="offer.flag_hold_changed", target=offer, by=by, now=now, kinds=_in_words(wanted)
    )
    return row


def _in_words(kinds: Collection[str]) -> str:
    if FlagHold.ALL in kinds:
        return "every kind"
    return ", ".join(FlagKind(kind).label for kind in kinds) or "none"


def _host(text: str) -> str:
    """The host of what staff typed: "https://www.Deals.example/x" is "deals.example"."""
    host = text.strip().lower().partition("//")[2] or text.strip().lower()
    host = host.partition("/")[0].partition(":")[0].removeprefix("www.").rstrip(".")
    if not HOST.fullmatch(host):
        raise FlagSettingsError(f"“{text.strip()[:80]}” is not the address of a site.")
    return host
