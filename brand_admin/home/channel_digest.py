"""Post what needs attention into a brand's chat channel: every morning, or when it is new."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from django.utils import timezone

from accounts.admin_links import admin_address
from accounts.models import Brand
from brand_admin.home.counts import what_needs_attention
from brand_admin.home.digest import line_of, new_in_digest, subject_of
from brand_admin.home.needs import Need, needs
from core.outgoing import calls_within, seconds_left
from core.postgres.outages import defects_logged
from core.tenancy import acting_for
from webhooks.channels import (
    CALL_SECONDS,
    channels_due,
    claim_channel,
    escaped,
    link_to,
    note_channel_counts,
    post_claimed,
)
from webhooks.models import Channel

ROUND_SECONDS = 45.0  # for all channels together; the next round takes those that are left
logger = logging.getLogger(__name__)


def post_digests(*, now: datetime) -> int:
    """Post every digest that is due; return how many were taken.

    Two processes may do this at once.
    """
    posted = 0
    with calls_within(ROUND_SECONDS):
        for channel in channels_due(now=now):
            if seconds_left() < CALL_SECONDS:
                break
            with acting_for(channel.brand), defects_logged(logger, "a digest could not be posted"):
                posted += _post(channel, now=now)
    return posted


def _post(channel: Channel, *, now: datetime) -> bool:
    brand = channel.brand
    with timezone.override(brand.zone):
        rows = needs(what_needs_attention(now=now), slug=brand.slug)
    claim, note = partial(claim_channel, channel, now=now), partial(note_channel_counts, channel)
    added = new_in_digest(
        rows, digest=channel.digest, told=channel.digest_counts, claim=claim, note=note
    )
    return added is not None and post_claimed(channel, message(brand, rows, added), now=now)


def message(brand: Brand, rows: Sequence[Need], added: Mapping[str, int]) -> str:
    """Return the digest as Slack's markup."""
    lines = [f"*{escaped(subject_of(brand, rows, added))}*"]
    for row in rows:
        said = line_of(row, added.get(row.key, 0))
        lines.append(f"• {link_to(said['page'], said['what'])}\n   {escaped(said['note'])}")
    lines.append(link_to(admin_address(brand), f"Open {brand.name}"))
    return "\n".join(lines)
