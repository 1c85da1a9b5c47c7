"""Which status of an offer can follow which, and in which one members can join it. Pure."""

from __future__ import annotations

from offers.models import Offer, OfferStatus

ALLOWED_STATUSES: dict[OfferStatus, tuple[OfferStatus, ...]] = {
    OfferStatus.ACTIVE: (OfferStatus.PAUSED, OfferStatus.ENDED, OfferStatus.ARCHIVED),
    OfferStatus.PAUSED: (OfferStatus.ACTIVE, OfferStatus.ENDED, OfferStatus.ARCHIVED),
    OfferStatus.ENDED: (OfferStatus.ACTIVE, OfferStatus.ARCHIVED),
    OfferStatus.ARCHIVED: (OfferStatus.ACTIVE,),
}
OPEN_STATUSES = (OfferStatus.ACTIVE, OfferStatus.PAUSED)


class StatusError(ValueError):
    """An offer can't get this status from the one that it has. The message says so."""


def check_transition(state: OfferStatus, wanted: OfferStatus) -> None:
    """Raise StatusError unless staff may set the status `wanted` now."""
    if wanted not in ALLOWED_STATUSES[state]:
        raise StatusError(f"An offer that is {state.value} can't become {wanted.value}.")


def why_closed(offer: Offer) -> str:
    """Say why nobody can join the offer; "" if members can. The text begins with its name."""
    if offer.status in OPEN_STATUSES:
        return ""
    words = {OfferStatus.ENDED: "has ended", OfferStatus.ARCHIVED: "is archived"}
    return f"{offer} {words[OfferStatus(offer.status)]}, so nobody can join it"
