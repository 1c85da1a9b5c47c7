"""What a slug leads to, prepared so that a redirect only puts texts together."""

from __future__ import annotations

import logging

from edge.addresses import (
    OwnParameters,
    UnusableAddressError,
    parameter_names,
    shop_address,
    without_parameter,
)
from offers.utm import with_query_text
from tracking.links.click_ids import CLICK_PARAMETER, link_bytes
from tracking.links.destinations import Destination

FOREVER = 2**62  # microseconds
logger = logging.getLogger(__name__)


class LinkTarget:
    """A link, as a redirect needs it.

    The address is `head`, then the click id's parameter unless the click does not count, then
    `tail`, the fragment. `since` to before `until` is the span in which clicks count, or the last
    one; microseconds since 1970. `is_stale`: something of the brand has changed since it was read.
    """

    __slots__ = (
        "brand_id", "destination", "head", "host", "is_stale", "line", "link", "plain",
        "protected", "since", "tail", "until", "used_at",
    )  # fmt: skip

    def __init__(self, destination: Destination) -> None:
        """Raises UnusableAddressError when neither of its addresses may be used."""
        try:
            sent = shop_address(destination.url, destination.domains)
        except UnusableAddressError:
            sent = shop_address(destination.other_url, destination.domains)
        address, mark, fragment = sent.partition("#")
        self.plain = without_parameter(address, CLICK_PARAMETER)
        self.tail = f"{mark}{fragment}"
        self.head = with_query_text(self.plain, f"{CLICK_PARAMETER}=")
        self.protected = parameter_names(self.plain)
        self.host = self.plain.partition("://")[2].partition("/")[0].partition("?")[0]
        self.destination = destination
        self.brand_id = destination.brand_id
        self.link = link_bytes(destination.link_id)
        self.line = f"{destination.link_id}\t"
        since, until = destination.spans[-1] if destination.spans else (FOREVER, 0)
        self.since = 0 if since is None else since
        self.until = FOREVER if until is None else until
        self.used_at = 0
        self.is_stale = False

    def counts_at(self, now: int) -> bool:
        """Whether a click of that moment, in microseconds since 1970, counts."""
        return any(
            (since is None or since <= now) and (until is None or now < until)
            for since, until in self.destination.spans
        )

    def address(self, click_id: str, own: OwnParameters) -> str:
        """Return the address with the visitor's own parameters and, unless "", the click id."""
        address = with_query_text(self.plain, own.passed_on)
        if click_id:
            address = with_query_text(address, f"{CLICK_PARAMETER}={click_id}")
        return address + self.tail


def target_of(destination: Destination) -> LinkTarget | None:
    """Return the target, or None, with a line in the log, when its address may not be used."""
    try:
        return LinkTarget(destination)
    except UnusableAddressError:
        logger.warning("Link %s leads to no address of its shop.", destination.link_id)
        return None
