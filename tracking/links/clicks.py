"""Follow a tracking link: count the click and find the address of the shop."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

from crawlerdetect import CrawlerDetect
from django.db import DatabaseError

from core.tenancy import across_brands, acting_for
from offers.selectors import project_name_of
from offers.utm import PROJECT, tagged
from tracking.links import click_ids
from tracking.links.click_lines import ClickLines, line_of
from tracking.links.storing import store_batches
from tracking.models import ClickKind, TrackingLink

logger = logging.getLogger(__name__)

CLICK_PARAMETER = "trb"
_robots = CrawlerDetect()


@dataclass(frozen=True, slots=True)
class Redirect:
    """The address that the shopper is sent to, and whether the click counted."""

    url: str
    counted: bool


def follow_link(
    *, slug: str, user_agent: str, referrer: str, now: datetime, is_visit: bool = True
) -> Redirect | None:
    """Return the destination of the link with a new click id; None when there is no such link.

    The click counts unless a robot made it, or the offer or link is not active now. Without
    `is_visit`, for example for a prefetch, no click is stored. When the click can't be stored, that
    is logged, and an order with the click id is still attributed.
    """
    with across_brands(reason="a tracking link names its brand"):
        link = (
            TrackingLink.objects.select_related("enrollment__offer", "enrollment__member", "brand")
            .filter(slug=slug)
            .first()
        )
    if link is None:
        return None
    offer = link.enrollment.offer
    target = _tagged(link)
    if not link.is_in_use or not offer.counts_at(now):
        return Redirect(url=target, counted=False)
    click_id = click_ids.make(link_id=link.pk, clicked_at=now)
    counted = is_visit and not _robots.isCrawler(user_agent or "none")
    if is_visit:
        with acting_for(link.brand):
            try:
                _write(link, click_id, user_agent, referrer, counted=counted, now=now)
            except DatabaseError:
                logger.exception("A click on link %s was not stored.", link.pk)
    return Redirect(url=with_parameter(target, CLICK_PARAMETER, click_id), counted=counted)


def _tagged(link: TrackingLink) -> str:
    """The destination of the link, with the parameters of the offer's UTM template."""
    enrollment, offer = link.enrollment, link.enrollment.offer
    target = link.destination_url or offer.destination_url
    if not offer.utm_template:
        return target
    values = {
        "creator_name": str(enrollment.member),
        "member_id": str(enrollment.member_id),
        "offer_name": offer.name,
        "brand_name": link.brand.name,
    }
    if PROJECT in offer.utm_template:
        with acting_for(link.brand):
            values["project_name"] = project_name_of(enrollment)
    return tagged(target, offer.utm_template, values)


def with_parameter(url: str, name: str, value: str) -> str:
    """Return `url` with one query parameter set. All other parameters stay."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)])))


def _write(
    link: TrackingLink,
    click_id: str,
    user_agent: str,
    referrer: str,
    *,
    counted: bool,
    now: datetime,
) -> None:
    line = line_of(
        link_id=link.pk,
        click_id=click_id,
        clicked_at=now,
        kind=ClickKind.VISIT if counted else ClickKind.ROBOT,
        user_agent=user_agent,
        referrer_host=_host_of(referrer),
    )
    store_batches([ClickLines(uuid4(), line.encode())], now=now)


def _host_of(referrer: str) -> str:
    """The host of a Referer header; empty when it is not a valid address."""
    try:
        return urlsplit(referrer).hostname or ""
    except ValueError:
        return ""
