"""Add members who were selected to an offer, and say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.actors import Actor
from affiliates.models import Member
from brand_admin.listing.actions import Done, Skipped
from offers.models import Offer
from offers.services import ClosedError
from tracking.links.membership import add_to_offer


def add_selected(
    members: Sequence[Member],
    *,
    offer: Offer,
    with_items: bool,
    selected: int,
    by: Actor,
    now: datetime,
) -> Done:
    """Add members, who are not in the offer, of so many `selected`; the others were in it."""
    try:
        if members:
            add_to_offer(offer=offer, members=members, with_items=with_items, by=by, now=now)
    except ClosedError as error:  # it ended meanwhile
        return Done(0, skipped=[Skipped(str(row), f"stays out: {error}") for row in members])
    return Done(len(members), unchanged=selected - len(members))
