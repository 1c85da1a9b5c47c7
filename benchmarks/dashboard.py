"""An affiliate's dashboard: the server's response time, and when a phone shows it.

The page of two members is requested alternately, one with a thousand conversions and one with a
million, over the same two years. Then a browser opens it as a mid-range phone on fast 3G, and
Lighthouse rates it with its phone settings, if Node is installed.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from statistics import median

from django.utils import timezone

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.proven_addresses import make_proven_user
from affiliates.services import add_member
from benchmarks.figures import show, timed
from benchmarks.history import add_conversions
from benchmarks.phone import lighthouse, opened
from benchmarks.served import browser, fetch, served
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from offers.values import OfferValues
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links

FEW_CONVERSIONS, MANY_CONVERSIONS = 1_000, 1_000_000
MEASURED_ROUNDS, WARM = 15, 2
VISITS = 7
BY = Actor.system("bench")


def run() -> None:
    few, many = member_with(FEW_CONVERSIONS, "few"), member_with(MANY_CONVERSIONS, "many")
    with served() as port:
        serve(port, few, many)
        chromium = browser()
        if chromium is None:
            show("in a browser", "skipped: it needs Chromium")
            return
        measure_in_browser(port, few, chromium)
        lighthouse(f"http://127.0.0.1:{port}{few}", chromium)


def member_with(conversions: int, name: str) -> str:
    """Make a brand with one member and `conversions`; return their dashboard's path."""
    now = timezone.now()
    make_proven_user(email=f"owner@{name}.example", name="", password=None, now=now)
    brand = create_brand(
        slug=f"dashboard-{name}", name="Juniper & Co", currency="GBP", time_zone="Europe/London",
        owner_email=f"owner@{name}.example", by=BY, now=now,
    )  # fmt: skip
    with acting_for(brand):
        member = add_member(
            email=f"mara@{name}.example", first_name="Mara", last_name="Lindqvist", by=BY, now=now
        )
        offer = create_offer(
            values=OfferValues(
                name="Winter Glow creators", kind="both", currency="GBP",
                destination_url="https://www.juniper.example/winter",
            ),
            terms=TermsValues(percent_bp=1_200, hold_days=14),
            by=BY, now=now - timedelta(days=800),
        )  # fmt: skip
        [enrollment] = enroll(offer=offer, members=[member], by=BY, now=now)
        give_codes(
            codes={enrollment.pk: f"MARA{conversions}"}, enrollments=[enrollment], by=BY, now=now
        )
        give_links(enrollments=[enrollment], by=BY, now=now)
        seconds = timed(lambda: add_conversions(enrollment, conversions, now=now))
        show(f"making {conversions:,} conversions", f"{seconds:.1f} s")
        return path_of(enrollment)


def path_of(enrollment: Enrollment) -> str:
    return f"/d/{token_for(enrollment)}"


def serve(port: int, few: str, many: str) -> None:
    """Alternate between the two, because the speed of a machine varies."""
    for what, query in (("the page", ""), ("all time", "?range=all")):
        times: dict[str, list[float]] = {few: [], many: []}
        for turn in range(WARM + MEASURED_ROUNDS):
            for path, found in times.items():
                seconds = timed(partial(ask, port, path + query))
                if turn >= WARM:
                    found.append(seconds)
        a_few, a_lot = (median(times[path]) * 1000 for path in (few, many))
        show(
            f"{what}: {FEW_CONVERSIONS:,} and {MANY_CONVERSIONS:,} conversions",
            f"{a_few:.0f} ms and {a_lot:.0f} ms",
        )
        show("  as a multiple (at most 1.2)", f"{a_lot / a_few:.2f}")


def ask(port: int, path: str) -> None:
    status, _ = fetch(port, path)
    assert status == 200, path


def measure_in_browser(port: int, path: str, chromium: str) -> None:
    visits = opened(f"http://127.0.0.1:{port}{path}", chromium, times=VISITS)
    first = visits[0]
    show("first load transferred (at most 60 KB)", f"{first.bytes / 1000:.1f} KB")
    show("  requests (at most 12)", str(first.requests))
    paints = [visit.largest_paint for visit in visits]
    show(
        "largest paint: phone, 4x slower, fast 3G (under 1.0 s)",
        f"{median(paints) / 1000:.2f} s (of {len(paints)}: {min(paints) / 1000:.2f} to"
        f" {max(paints) / 1000:.2f})",
    )
    show("layout shift (0)", f"{max(visit.shift for visit in visits):g}")
