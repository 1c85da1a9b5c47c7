"""Test a tracking link: follow it as a shopper would, and say where its click id is lost.

It runs in the background, as other people's servers may answer slowly. Its report is kept with the
parameters of the work.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.actors import Actor
from background.models import Work
from background.running import WorkError, WorkSlice
from background.work_requests import WorkRequest, request_and_enqueue_work
from core.references import Reference
from offers.models import Enrollment
from tracking.links.following import Followed, Hop, follow
from tracking.links.items import link_url, own_items
from tracking.models import TrackingLink

LINK_TEST = "link_test"  # the kind of work
GOOD, WARNING, BAD = "good", "wait", "bad"
NOT_FOR_PROGRAMS = (401, 403, 429, 503)  # what some shops answer to all but browsers
MAX_NAMED = 120  # characters of an address in a sentence
TRY = "Have the shop keep the parameters of the address, or lead the link to the last address."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the click id, in a sentence or two."""

    tone: str
    title: str
    text: str


def link_to_test(enrollment: Enrollment) -> TrackingLink | None:
    """The link that a test of this enrollment follows: the one in use, or else the last one."""
    return own_items(enrollment.pk).tracking_link


def request_link_test(
    *, link: TrackingLink, confirmation: uuid.UUID, by: Actor, now: datetime
) -> Work:
    """Have a worker test the link. Its report is on its page."""
    request = WorkRequest(
        kind=LINK_TEST,
        title=f"Test of the link {link.slug}",
        about=Reference.to(link),
        total=0,
        confirmation=confirmation,
        parameters={"link": link.pk},
    )
    return request_and_enqueue_work(request, by=by, now=now)


def run_link_test(work_slice: WorkSlice) -> bool:
    """Follow the link, and keep the report; always done in one slice."""
    link = TrackingLink.objects.filter(pk=work_slice.work.parameters["link"]).first()
    if link is None:
        raise WorkError("The link is not there any more.")
    address = link_url(link.slug, link.brand.link_host)
    hosts = frozenset({urlsplit(settings.BASE_URL).netloc, urlsplit(address).netloc})
    followed = follow(address, our_hosts=hosts)
    with work_slice.batch() as work:
        work.total = work.done = len(followed.hops)
        work.parameters |= {
            "report": followed.as_json(),
            "verdict": asdict(verdict_on(followed)),
        }
    return True


def report_of(work: Work) -> dict[str, Any]:
    """The report for the page of the work; empty while there is none."""
    kept = work.parameters
    if "report" not in kept:
        return {}
    return {"verdict": kept["verdict"], "hops": kept["report"]["hops"]}


def verdict_on(followed: Followed) -> Verdict:
    """Say what became of the click id on the way."""
    first, last = followed.hops[0], followed.hops[-1]
    if last.problem or last.status >= 400 or last.status in (0, 204):
        return _not_reached(last)
    if len(followed.hops) == 1:
        return Verdict(BAD, "The link leads nowhere", f"{_named(first)} redirects to no shop.")
    if not followed.hops[1].has_click_id and not followed.hops[1].keeps_cookie:
        return Verdict(
            BAD,
            "The link has no click id at the moment",
            "Shoppers arrive, and nothing is counted: the link or its offer is not active.",
        )
    if not last.has_click_id:
        return _lost(followed)
    return _arrived(followed, last)


def _named(hop: Hop) -> str:
    """The address of a hop, short enough for a sentence."""
    return hop.address if len(hop.address) <= MAX_NAMED else f"{hop.address[:MAX_NAMED]}…"


def _not_reached(last: Hop) -> Verdict:
    if last.problem:
        return Verdict(BAD, "Shoppers do not arrive", f"{_named(last)}: it {last.problem}.")
    title = f"The page answers {last.status}"
    text = f"{_named(last)} does not show a page to our test."
    if last.status not in NOT_FOR_PROGRAMS:
        return Verdict(BAD, title, text)
    advice = "Some shops answer so to all but real browsers: open the link yourself."
    return Verdict(WARNING, title, f"{text} {advice}")


def _lost(followed: Followed) -> Verdict:
    """The address of the last hop has no click id, and an earlier one had it."""
    before, at = followed.hops[0], followed.hops[-1]
    for before, at in zip(followed.hops[1:], followed.hops[2:], strict=False):
        if before.has_click_id and not at.has_click_id:
            break
    lost = f"The click id is lost where {_named(before)} leads on to {_named(at)}."
    if followed.hops[-1].keeps_cookie:
        return Verdict(
            GOOD,
            "A cookie keeps the click id",
            f"{lost} But a cookie of your shop's domain holds it, so it is not lost for orders.",
        )
    return Verdict(BAD, "The click id is lost on the way", f"{lost} {TRY}")


def _arrived(followed: Followed, last: Hop) -> Verdict:
    landing = followed.landing
    arrives = f"The click id arrives at {last.host}"
    if landing.has_script and landing.policy_forbids:
        return Verdict(
            BAD,
            "The page does not let its script run",
            f"{arrives}, and the page loads our script, but its Content-Security-Policy forbids it."
            " Add our address to script-src.",
        )
    if landing.has_script:
        consent = " once the shopper agrees" if landing.waits_for_consent else ""
        return Verdict(
            GOOD, "The click id arrives", f"{arrives}, and the page script keeps it{consent}."
        )
    if last.keeps_cookie:
        return Verdict(GOOD, "The click id arrives", f"{arrives}, and a cookie keeps it.")
    return Verdict(
        WARNING,
        "The click id arrives, and nothing keeps it that we can see",
        f"{arrives}. The page does not load the page script, so the click id is lost on the next"
        " page, unless your shop keeps it itself, or a tag manager adds the script, which this"
        " test does not see.",
    )
