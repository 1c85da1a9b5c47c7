"""The pages and actions of the brand admin that the search box finds, by the words people use."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from accounts.permissions import Permission, may

READ, MANAGE, PAY, ADMINISTER = (
    Permission.READ, Permission.MANAGE, Permission.PAY, Permission.ADMINISTER,
)  # fmt: skip


class Place(NamedTuple):
    """A page: its name, the address's name, who may open it, and other words for it."""

    label: str
    page: str
    permission: Permission
    words: str = ""


PLACES = (
    Place("Home", "home", READ, "overview start"),
    Place("Members", "members", READ, "affiliates creators influencers people"),
    Place("Projects", "projects", READ, "campaigns stages"),
    Place("Offers", "offers", READ, "programs commission terms"),
    Place("Sales Tracking", "reporting", READ, "report figures statistics analytics"),
    Place("Conversions", "conversions", READ, "sales orders review"),
    Place("Unattributed orders", "unattributed", READ, "orders nobody credited missing"),
    Place("Refunds to check", "refunds", READ, "returns"),
    Place("Flagged conversions", "flags", READ, "fraud suspicious leaked codes held review"),
    Place("Questions about missing sales", "questions", READ, "claims missing sale"),
    Place("Exchange rates", "exchange_rates", READ, "currency conversion"),
    Place("Payments due", "payments", READ, "balances owed payouts"),
    Place("Payments sent", "payments_sent", READ, "payouts paid history"),
    Place("Payout runs", "payment_runs", READ, "bank paypal file bulk"),
    Place("Emails", "emails", READ, "campaigns mails newsletters"),
    Place("Messages", "messages", READ, "mails recipients bounced"),
    Place("Suppressed addresses", "suppressions", READ, "unsubscribed bounced blocked"),
    Place("Sender of emails", "sender_identity", ADMINISTER, "from address reply"),
    Place("Connections", "connections", READ, "shops shopify woocommerce stripe integrations"),
    Place("Connect a shop", "connection_choice", ADMINISTER, "shopify woocommerce stripe new"),
    Place("Events from shops", "events", READ, "webhooks deliveries incoming"),
    Place("Refused deliveries", "refused_deliveries", READ, "webhooks signature shops incoming"),
    Place("Requests about shoppers' data", "data_requests", READ, "privacy erasure gdpr shoppers"),
    Place("Codes in the shop", "shop_codes", READ, "discounts coupons sync"),
    Place("Link domains", "link_domains", READ, "own domain short links dns certificate"),
    Place("Page script", "page_script", READ, "javascript pixel tag snippet publishable keys"),
    Place("Postbacks", "postbacks", READ, "server to server s2s pixel url"),
    Place("API keys", "developers", ADMINISTER, "developers token integration"),
    Place("API requests", "api_requests", ADMINISTER, "developers log"),
    Place("Webhooks", "webhooks", ADMINISTER, "endpoints outgoing developers"),
    Place("Settings", "settings", ADMINISTER, "brand name logo colour"),
    Place("Currency and time zone", "brand_basics", ADMINISTER, "settings basics"),
    Place("Staff", "settings_staff", ADMINISTER, "users roles invite team colleagues"),
    Place("Email templates", "settings_templates", READ, "texts saved mails"),
    Place("Automatic emails", "settings_notices", READ, "notices sale payment mails switch off"),
    Place("Slack", "settings_slack", READ, "notices digest channel messages"),
    Place("Rules of flags", "settings_flags", READ, "fraud holds coupon sites settings"),
    Place("Audit log", "settings_audit", READ, "history who did what"),
    Place("Your account", "own_account", READ, "password passkey sessions security"),
    Place("Background work", "work_list", READ, "imports exports progress"),
    Place("Add member", "member_new", MANAGE, "new creator affiliate invite"),
    Place("Import members", "members_import", MANAGE, "csv upload excel"),
    Place("Add offer", "offer_new", MANAGE, "new program commission"),
    Place("Add project", "project_new", MANAGE, "new"),
    Place("Import orders", "orders_import", MANAGE, "csv upload excel refunds"),
    Place("Send payment", "payments", PAY, "pay record new payout"),
    Place("New payout run", "payment_run_new", PAY, "pay everybody bulk"),
    Place("Test mode", "test_mode", READ, "sandbox try"),
)


def places_named(search: str, *, role: str) -> list[Place]:
    """Return what a role may open whose name has a word for every word of the search."""
    return _places(search, role, lambda place: place.label)


def places_meant(search: str, *, role: str) -> list[Place]:
    """Return the same where the other words for a place may help; the name alone is not enough."""
    named = places_named(search, role=role)
    meant = _places(search, role, lambda place: f"{place.label} {place.words}")
    return [place for place in meant if place not in named]


def _places(search: str, role: str, text: Callable[[Place], str]) -> list[Place]:
    wanted = search.lower().split()
    return [place for place in PLACES if may(role, place.permission) and _has(text(place), wanted)]


def _has(text: str, wanted: list[str]) -> bool:
    words = text.lower().split()
    return all(any(word.startswith(part) for word in words) for part in wanted)
