"""A shopper follows a tracking link: the click is counted, and leads to the shop."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawlerdetect import CrawlerDetect
from django.db import DatabaseError, transaction

from core.tenancy import across_brands, acting_for
from offers.selectors import project_name_of
from offers.utm import PROJECT, tagged
from tracking.links import click_ids
from tracking.models import Click, TrackingLink
from tracking.totals.daily import count_click

logger = logging.getLogger(__name__)

CLICK_PARAMETER = "trb"
_robots = CrawlerDetect()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the shopper goes, and whether the click counted."""

    url: str
    counted: bool


def follow_link(
    *, slug: str, user_agent: str, referrer: str, now: datetime, is_visit: bool = True
) -> Redirect | None:
    """Where the link leads, with a new click id on the address; None when there is no such link.

    The click is counted unless a robot made it or the offer or link does not count now, and not
    even written when nobody comes along (`is_visit`). A click that can't be written is logged and
    lost; the click id still earns the member a commission.
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
                logger.exception("a click on link %s was not written", link.pk)
    return Redirect(url=with_parameter(target, CLICK_PARAMETER, click_id), counted=counted)


def _tagged(link: TrackingLink) -> str:
    """Where the link leads, with what the offer's UTM template adds."""
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
    """`url` with one query parameter set, everything else as it was."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)])))


@transaction.atomic
def _write(
    link: TrackingLink,
    click_id: str,
    user_agent: str,
    referrer: str,
    *,
    counted: bool,
    now: datetime,
) -> None:
    Click.objects.create(
        link=link,
        enrollment_id=link.enrollment_id,
        click_id=click_id,
        clicked_at=now,
        counted=counted,
        user_agent=user_agent[:300],
        referrer_host=_host_of(referrer)[:253],
    )
    if counted:
        count_click(enrollment_id=link.enrollment_id, clicked_at=now)


def _host_of(referrer: str) -> str:
    """The host of what a browser claims to come from; empty when it is no address."""
    try:
        return urlsplit(referrer).hostname or ""
    except ValueError:
        return ""
