"""The changes of status that staff can make, each with its effect in words."""

from __future__ import annotations

from dataclasses import dataclass

from offers.models import Offer, OfferStatus
from offers.status import ALLOWED_STATUSES


@dataclass(frozen=True, slots=True)
class StatusAction:
    key: str
    label: str
    icon: str
    status: OfferStatus
    effect: str  # the effect on members and on the shop
    done: str
    is_danger: bool = False

    def question(self, offer: Offer, members: int) -> str:
        who = "1 member" if members == 1 else f"{members:,} members"
        return f"{self.label} “{offer.name}” with {who}? {self.effect}"


PAUSE = StatusAction(
    "pause", "Pause", "pause", OfferStatus.PAUSED,
    "Links keep leading to your shop; clicks and orders from now on don't count."
    " You can resume it.",
    "is paused",
)  # fmt: skip
RESUME = StatusAction(
    "resume", "Resume", "play", OfferStatus.ACTIVE,
    "Clicks and orders count again, and codes and links can be copied.",
    "is active",
)  # fmt: skip
END = StatusAction(
    "end", "End", "close", OfferStatus.ENDED,
    "Tracking stops for everybody in it; links keep leading to your shop, and what was earned"
    " stays to be paid.",
    "has ended", is_danger=True,
)  # fmt: skip
ARCHIVE = StatusAction(
    "archive", "Archive", "remove", OfferStatus.ARCHIVED,
    "Tracking stops and it leaves your lists. Its history stays readable, and what was earned"
    " stays to be paid.",
    "is archived", is_danger=True,
)  # fmt: skip

OF_STATUS = {action.status: action for action in (RESUME, PAUSE, END, ARCHIVE)}


def actions_for(offer: Offer) -> tuple[StatusAction, ...]:
    return tuple(OF_STATUS[status] for status in ALLOWED_STATUSES[OfferStatus(offer.status)])


def action_for(offer: Offer, key: str) -> StatusAction | None:
    """Return the action of that name if the offer's status allows it; else None."""
    return next((action for action in actions_for(offer) if action.key == key), None)
