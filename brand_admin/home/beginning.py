"""The steps from a new brand to its first sale: which are done, and which is next."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from accounts.models import Brand
from affiliates.models import Member
from notifications.models import Message, Purpose
from tracking.models import Order


@dataclass(frozen=True, slots=True)
class FirstStep:
    title: str
    note: str
    href: str
    is_done: bool


def first_steps(brand: Brand, *, has_offers: bool) -> list[FirstStep]:
    """Return the steps in order. Call it only while the brand has no conversion."""
    told = Message.objects.filter(purpose=Purpose.SALES_TRACKING_ITEMS)
    is_sent = Order.objects.filter(is_test=False).exists()
    return [
        FirstStep(
            "Add an offer",
            "What members earn, and whether they share a code, a link or both.",
            reverse("brand_admin:offers", args=[brand.slug]),
            has_offers,
        ),
        FirstStep(
            "Add your members",
            "By hand, or from a CSV file with the codes they have already.",
            reverse("brand_admin:members", args=[brand.slug]),
            Member.objects.exists(),
        ),
        FirstStep(
            "Send them their codes and links",
            "In a project: generate codes and links, then send them.",
            reverse("brand_admin:projects", args=[brand.slug]),
            told.exists(),
        ),
        _test_order(brand, is_sent) if brand.is_test else _shop(brand, is_sent),
    ]


def _shop(brand: Brand, is_done: bool) -> FirstStep:
    return FirstStep(
        "Connect your shop",
        "So that its orders come in. Done with the first real order.",
        reverse("brand_admin:connections", args=[brand.slug]),
        is_done,
    )


def _test_order(brand: Brand, is_done: bool) -> FirstStep:
    return FirstStep(
        "Send an order",
        "With a test key, or from a file. Shops are connected in live mode only.",
        reverse("brand_admin:developers", args=[brand.slug]),
        is_done,
    )
