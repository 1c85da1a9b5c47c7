"""Mail what needs attention to the staff who chose that: every morning, or when it is new.

What a digest says is worked out here for chat channels too (brand_admin.home.channel_digest).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby

from django.conf import settings
from django.utils import timezone

from accounts.admin_links import admin_address
from accounts.models import Brand, Digest, Staff
from accounts.staff_mails import claim_digest, digests_due, mail_claimed, note_counts
from brand_admin.home.counts import what_needs_attention
from brand_admin.home.needs import Need, needs
from core.postgres.outages import defects_logged
from core.tenancy import acting_for

TEMPLATE = "staff/digest"
logger = logging.getLogger(__name__)


def mail_digests(*, now: datetime) -> int:
    """Mail every digest that is due; return how many the mail server took.

    Two processes may do this at once.
    """
    mailed = 0
    for brand, people in groupby(digests_due(now=now), key=lambda staff: staff.brand):
        with acting_for(brand), defects_logged(logger, "digests could not be mailed"):
            mailed += _mail_all(brand, people, now=now)
    return mailed


def _mail_all(brand: Brand, people: Iterable[Staff], *, now: datetime) -> int:
    with timezone.override(brand.zone):
        rows = needs(what_needs_attention(now=now), slug=brand.slug)
        return sum(_mail(staff, rows, brand=brand, now=now) for staff in people)


def _mail(staff: Staff, rows: Sequence[Need], *, brand: Brand, now: datetime) -> bool:
    claim, note = partial(claim_digest, staff, now=now), partial(note_counts, staff)
    added = new_in_digest(
        rows, digest=staff.digest, told=staff.digest_counts, claim=claim, note=note
    )
    return added is not None and mail_claimed(
        staff,
        TEMPLATE,
        now=now,
        values={
            "brand": brand.name,
            "subject": subject_of(brand, rows, added),
            "rows": [line_of(row, added.get(row.key, 0)) for row in rows],
            "home": admin_address(brand),
            "choose": admin_address(brand, "settings/account/"),
        },
    )


def new_in_digest(
    rows: Sequence[Need],
    *,
    digest: str,
    told: Mapping[str, int],
    claim: Callable[..., bool],
    note: Callable[..., None],
) -> dict[str, int] | None:
    """Return by how much rows have grown since they were `told`; None if no digest goes now.

    One goes if there is something, or to those who want it at once something new. A morning without
    anything is over: what comes later that day is told on the next one. `claim` and `note` are
    called with the present `counts`: if the digest is over, or else only to know them.
    """
    counts = {row.key: row.number for row in rows}
    grown = {key: number - told.get(key, 0) for key, number in counts.items()}
    added = {key: more for key, more in grown.items() if more > 0}
    if digest == Digest.AT_ONCE and not added:
        note(counts=counts)
        return None
    return added if claim(counts=counts) and rows else None


def subject_of(brand: Brand, rows: Sequence[Need], added: Mapping[str, int]) -> str:
    """Name the one thing that is new, or how many things wait."""
    new = [row for row in rows if row.key in added]
    if len(new) == 1:
        return f"{brand.name}: {_in_words(new[0])}"
    return f"{brand.name}: {len(rows)} things wait for you"


def _in_words(row: Need) -> str:
    return f"{row.title}: {row.amount}" if row.amount else f"{row.title}: {row.badge.lower()}"


def line_of(row: Need, new: int) -> dict[str, str]:
    """Return what a digest says of a row; `new` is by how much it has grown."""
    said = f" ({new:,} new)" if 0 < new < row.number else ""
    return {
        "what": f"{_in_words(row)}{said}",
        "note": row.note,
        "page": f"{settings.BASE_URL}{row.path}",
    }
