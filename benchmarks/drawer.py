"""The email drawer with 50,000 members in one offer: open it, preview, look on, send.

The pages are asked for as a browser asks, without a server between.
"""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.addresses import make_proven_user
from accounts.brands import create_brand
from accounts.models import Brand, User
from affiliates.models import Member
from benchmarks.figures import show, timed
from core.db import refresh_statistics
from core.tenancy import acting_for
from notifications.models import Message
from offers.models import Enrollment, Offer
from offers.services import create_offer
from offers.terms import TermsValues
from tests.answers import Answer
from tests.brand_admin.drawer import MEMBERS, carried, letter
from tests.cast import SYSTEM, offer_values
from tracking.models import PromoCode, TrackingLink

CROWD = 50_000
NAME = "drawer-bench"
PAGE = f"/admin/{NAME}/emails/compose/"
MOST = "at most 5 s"


def run() -> None:
    make_proven_user(email="owner@drawer-bench.example", name="", password=None, now=timezone.now())
    brand = create_brand(
        slug=NAME, name="Crowd & Co", currency="GBP", time_zone="Europe/London",
        owner_email="owner@drawer-bench.example", by=SYSTEM, now=timezone.now(),
    )  # fmt: skip
    with acting_for(brand):
        offer = create_offer(
            values=offer_values(name="Winter Glow"), terms=TermsValues(percent_bp=1_000),
            by=SYSTEM, now=timezone.now(),
        )  # fmt: skip
        fill(brand, offer)
    desk = Client()
    desk.force_login(User.objects.get(email="owner@drawer-bench.example"))
    look(desk, f"{PAGE}?purpose={MEMBERS}&offer={offer.pk}")
    with acting_for(brand):
        assert Message.objects.count() == CROWD


def look(desk: Client, address: str) -> None:
    """Each step of the drawer, as staff go through it."""
    pages: list[Answer] = [desk.get("/healthz")]

    def press(go: str, **more: str) -> None:
        sent = carried(pages[-1]) | letter() | {"go": go} | more
        pages.append(desk.post(PAGE, sent))

    opening = timed(lambda: pages.append(desk.get(address)))
    show(f"opening the drawer for {CROWD:,} members ({MOST})", f"{opening:.1f} s")
    show(f"previewing the first of them ({MOST})", f"{timed(lambda: press('preview')):.1f} s")
    next_one = timed(lambda: press("preview", show="2"))
    show(f"looking at the next one ({MOST})", f"{next_one:.1f} s")
    show("sending to all of them (at most 10 s)", f"{timed(lambda: press('send')):.1f} s")
    assert pages[-1].status_code == 302, pages[-1].content


def fill(brand: Brand, offer: Offer) -> None:
    """Members of the offer, each with a code and a link, written by PostgreSQL itself."""
    given = {"brand": brand.pk, "offer": offer.pk, "crowd": CROWD}
    with connection.cursor() as cursor:
        for statement in (MEMBERS_OF, ENROLLED, CODES, LINKS):
            cursor.execute(statement, given)
    refresh_statistics(Member, Enrollment, PromoCode, TrackingLink)


MEMBERS_OF = """
INSERT INTO affiliates_member (brand_id, email, first_name, last_name, version, joined_at)
SELECT %(brand)s, 'person' || number || '@crowd.example', 'Person', number::text, 1, now()
FROM generate_series(1, %(crowd)s) AS number
"""
ENROLLED = """
INSERT INTO offers_enrollment
(brand_id, public_id, member_id, offer_id, status, link_version, joined_at)
SELECT brand_id, gen_random_uuid(), id, %(offer)s, 'active', 1, now()
FROM affiliates_member WHERE brand_id = %(brand)s
"""
CODES = """
INSERT INTO tracking_promocode (brand_id, enrollment_id, code, status, created_at)
SELECT brand_id, id, 'CROWD' || id, 'active', now()
FROM offers_enrollment WHERE offer_id = %(offer)s
"""
LINKS = """
INSERT INTO tracking_trackinglink
(brand_id, enrollment_id, slug, destination_url, status, created_at)
SELECT brand_id, id, 'crowd-' || id, '', 'active', now()
FROM offers_enrollment WHERE offer_id = %(offer)s
"""
