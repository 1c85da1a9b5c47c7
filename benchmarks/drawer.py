"""The email drawer with 50,000 members in one offer: open it, preview two mails, send.

Django's test client requests the pages; no web server is involved.
"""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.brands import create_brand
from accounts.models import Brand, User
from accounts.proven_addresses import make_proven_user
from affiliates.models import Member
from benchmarks.figures import show, timed
from core.db import refresh_statistics
from core.tenancy import acting_for
from notifications.models import Message
from offers.models import Enrollment, Offer
from offers.services import create_offer
from offers.terms import TermsValues
from tests.answers import Answer
from tests.brand_admin.drawer import MEMBERS, carried, email_text
from tests.cast import SYSTEM, offer_values
from tracking.models import PromoCode, TrackingLink

MEMBER_COUNT = 50_000
NAME = "drawer-bench"
PAGE = f"/admin/{NAME}/emails/compose/"
STEP_LIMIT = "at most 5 s"


def run() -> None:
    make_proven_user(email="owner@drawer-bench.example", name="", password=None, now=timezone.now())
    brand = create_brand(
        slug=NAME, name="BrandWithMembers & Co", currency="GBP", time_zone="Europe/London",
        owner_email="owner@drawer-bench.example", by=SYSTEM, now=timezone.now(),
    )  # fmt: skip
    brand.postal_address = "1 Quay Street, London"  # nothing is sent to members without one
    brand.save(update_fields=["postal_address"])
    with acting_for(brand):
        offer = create_offer(
            values=offer_values(name="Winter Glow"), terms=TermsValues(percent_bp=1_000),
            by=SYSTEM, now=timezone.now(),
        )  # fmt: skip
        add_members(brand, offer)
    client = Client()
    client.force_login(User.objects.get(email="owner@drawer-bench.example"))
    measure_steps(client, f"{PAGE}?purpose={MEMBERS}&offer={offer.pk}")
    with acting_for(brand):
        assert Message.objects.count() == MEMBER_COUNT


def measure_steps(client: Client, address: str) -> None:
    """Measure each step of the drawer, in the order in which staff take them."""
    pages: list[Answer] = [client.get("/healthz")]

    def press(go: str, **more: str) -> None:
        sent = carried(pages[-1]) | email_text() | {"go": go} | more
        pages.append(client.post(PAGE, sent))

    opening = timed(lambda: pages.append(client.get(address)))
    show(f"opening the drawer for {MEMBER_COUNT:,} members ({STEP_LIMIT})", f"{opening:.1f} s")
    show(f"previewing the first of them ({STEP_LIMIT})", f"{timed(lambda: press('preview')):.1f} s")
    next_one = timed(lambda: press("preview", show="2"))
    show(f"previewing the next one ({STEP_LIMIT})", f"{next_one:.1f} s")
    show("sending to all of them (at most 10 s)", f"{timed(lambda: press('send')):.1f} s")
    assert pages[-1].status_code == 302, pages[-1].content


def add_members(brand: Brand, offer: Offer) -> None:
    """Add members to the offer, each with a code and a link, by SQL."""
    given = {"brand": brand.pk, "offer": offer.pk, "members": MEMBER_COUNT}
    with connection.cursor() as cursor:
        for statement in (MEMBERS_OF, ENROLLED, CODES, LINKS):
            cursor.execute(statement, given)
    refresh_statistics(Member, Enrollment, PromoCode, TrackingLink)


MEMBERS_OF = """
INSERT INTO affiliates_member (brand_id, email, first_name, last_name, version, joined_at)
SELECT %(brand)s, 'person' || number || '@members.example', 'Person', number::text, 1, now()
FROM generate_series(1, %(members)s) AS number
"""
ENROLLED = """
INSERT INTO offers_enrollment
(brand_id, public_id, member_id, offer_id, status, link_version, joined_at)
SELECT brand_id, gen_random_uuid(), id, %(offer)s, 'active', 1, now()
FROM affiliates_member WHERE brand_id = %(brand)s
"""
CODES = """
INSERT INTO tracking_promocode (brand_id, enrollment_id, code, status, created_at)
SELECT brand_id, id, 'CODE' || id, 'active', now()
FROM offers_enrollment WHERE offer_id = %(offer)s
"""
LINKS = """
INSERT INTO tracking_trackinglink
(brand_id, enrollment_id, slug, destination_url, status, created_at)
SELECT brand_id, id, 'link-' || id, '', 'active', now()
FROM offers_enrollment WHERE offer_id = %(offer)s
"""
