"""The steps from a new brand to its first order: which are done, and which is next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import reverse

from accounts.models import Brand
from affiliates.models import Member
from integrations.models import Connection
from integrations.selectors import live_connections
from notifications.models import Message, Purpose
from offers.models import Project
from tracking.models import Order


@dataclass(frozen=True, slots=True)
class FirstStep:
    """`act` is the button, which opens the form itself at `href`."""

    title: str
    note: str
    act: str
    href: str
    is_done: bool
    is_next: bool = False


def first_steps(brand: Brand, *, has_offers: bool, may_administer: bool) -> list[FirstStep]:
    """Return the steps in order. Call it only while the brand has no conversion.

    Owners alone connect a shop: for others, that step leads to the list of connections.
    """
    slug = brand.slug
    shop = live_connections().first()
    steps = [
        *([] if brand.is_test else [_shop(slug, shop, may_administer=may_administer)]),
        FirstStep(
            "Add an offer",
            "What members earn, and whether they share a code, a link or both.",
            "Add offer",
            reverse("brand_admin:offer_new", args=[slug]),
            has_offers,
        ),
        FirstStep(
            "Add your members",
            "One by hand, or all from a CSV file with the codes they have already.",
            "Add member",
            reverse("brand_admin:member_new", args=[slug]),
            Member.objects.exists(),
        ),
        _items(slug),
        _order(brand, shop),
    ]
    first = next((step for step in steps if not step.is_done), None)
    return [replace(step, is_next=True) if step is first else step for step in steps]


def _shop(slug: str, shop: Connection | None, *, may_administer: bool) -> FirstStep:
    """Done when a shop has accepted the connection, not when one was begun."""
    if shop is not None:
        act, href = "Open the shop", reverse("brand_admin:connection", args=[slug, shop.pk])
    elif may_administer:
        act, href = "Connect a shop", reverse("brand_admin:connection_choice", args=[slug])
    else:
        act, href = "See connections", reverse("brand_admin:connections", args=[slug])
    is_connected = shop is not None and shop.connected_at is not None
    note = "Shopify, WooCommerce, Stripe or any other, so that its orders come in."
    return FirstStep("Connect your shop", note, act, href, is_connected)


def _items(slug: str) -> FirstStep:
    project = Project.objects.order_by("-pk").first()
    if project is None:
        act, href = "Add project", reverse("brand_admin:project_new", args=[slug])
    else:
        act, href = "Go on", reverse("brand_admin:project", args=[slug, project.pk])
    return FirstStep(
        "Send them their codes and links",
        "In a project: generate codes and links, look at the mail, send it.",
        act,
        href,
        Message.objects.filter(purpose=Purpose.SALES_TRACKING_ITEMS).exists(),
    )


def _order(brand: Brand, shop: Connection | None) -> FirstStep:
    is_done = Order.objects.filter(is_test=False).exists()
    if brand.is_test:
        href = reverse("brand_admin:developers", args=[brand.slug])
        note = "With a test key, or from a file. Shops are connected in live mode only."
        return FirstStep("Send an order", note, "Make a test key", href, is_done)
    if shop is not None:
        act, href = (
            "Send a test order",
            reverse("brand_admin:connection", args=[brand.slug, shop.pk]),
        )
    else:
        act, href = "Import orders", reverse("brand_admin:orders_import", args=[brand.slug])
    note = "A test order shows that everything works. Done with the first real order."
    return FirstStep("Get your first order", note, act, href, is_done)
