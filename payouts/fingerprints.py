"""Keyed digests of payout accounts, by which two creators with one account are found.

Nothing is decrypted to compare accounts. A brand learns of a shared account only while both
creators release their details to it.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from affiliates.models import Creator, Member
from core.references import Reference
from payouts.destinations import Destination
from payouts.models import DetailsRelease, PayoutDetails, PayoutMethod
from payouts.sealing import unseal


@dataclass(frozen=True, slots=True)
class AccountSharer:
    """Another member who is paid to a member's account, and since when the brand pays both so."""

    member_id: int
    since: datetime


def fingerprint_of(destination: Destination) -> str:
    """Return the digest of the account's numbers with the first key; names do not count."""
    account = (
        destination.paypal.lower()
        or destination.iban
        or f"{destination.bic}/{destination.bank_code}/{destination.account_number}"
    )
    text = f"payout account:{destination.method}:{account}"
    return hmac.digest(settings.DETAILS_KEYS[0].encode(), text.encode(), "sha256").hex()


def opened(creator_id: int, sealed: str) -> Destination:
    """Return the account that was sealed for this creator. Raises SealError."""
    values = unseal(Reference.by_id(Creator, creator_id), sealed)
    return Destination(**{**values, "method": PayoutMethod(values["method"])})  # type: ignore[arg-type]


def account_sharers(member_ids: Collection[int]) -> dict[int, list[AccountSharer]]:
    """Return who else of the brand is paid to the account of each of these members."""
    wanted = set(member_ids)
    asked = Member.objects.filter(pk__in=wanted, creator__isnull=False)
    releases = dict(
        DetailsRelease.objects.filter(taken_back_at=None).values_list("creator", "released_at")
    )
    creators = set(asked.values_list("creator", flat=True)) & set(releases)
    if not creators or len(releases) == 1:
        return {}
    details = PayoutDetails.objects.exclude(fingerprint="").filter(creator__in=list(releases))
    own = details.filter(creator__in=creators).values("fingerprint")
    by_account: dict[str, dict[int, datetime]] = defaultdict(dict)
    for creator, fingerprint, changed_at in details.filter(fingerprint__in=own).values_list(
        "creator", "fingerprint", "changed_at"
    ):
        by_account[fingerprint][creator] = max(changed_at, releases[creator])
    shared = [since for since in by_account.values() if len(since) > 1]
    if not shared:
        return {}
    everyone = {creator for since in shared for creator in since}
    members: dict[int, list[Member]] = defaultdict(list)
    for member in Member.objects.filter(creator__in=everyone).order_by("pk"):
        members[member.creator_id or 0].append(member)
    return {
        member.pk: [
            AccountSharer(other.pk, max(since[creator], since[sharer]))
            for sharer in sorted(since)
            if sharer != creator
            for other in members[sharer]
        ]
        for since in shared
        for creator in since
        for member in members[creator]
        if member.pk in wanted
    }
