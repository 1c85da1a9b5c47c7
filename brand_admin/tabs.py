"""The tabs of the admin, by section or page: what they are called and where they lead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """`key` is what a page calls itself by in `tab`; `name` the address in `brand_admin`.

    `count` names the number in the page's context that the tab shows, unless that is 0.
    """

    key: str
    label: str
    name: str
    count: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Tabs that lie together under one tab of a section with many."""

    label: str
    tabs: tuple[Tab, ...]


CONVERSIONS = (
    Tab("conversions", "Conversions", "conversions"),
    Tab("flags", "Flagged", "flags", "open_flags"),
    Tab("questions", "Questions", "questions", "open_questions"),
    Tab("unattributed", "Unattributed orders", "unattributed"),
    Tab("refunds", "Refunds to check", "refunds"),
)
PAYMENTS = (
    Tab("due", "Due now", "payments"),
    Tab("runs", "Runs", "payment_runs"),
    Tab("sent", "Payments", "payments_sent"),
)
EMAILS = (
    Tab("campaigns", "Campaigns", "emails"),
    Tab("messages", "Messages", "messages"),
    Tab("suppressed", "Suppressed addresses", "suppressions"),
    Tab("sender", "Sender", "sender_identity"),
)
CONNECTIONS = (
    Group(
        "Shops",
        (
            Tab("connections", "Connected", "connections"),
            Tab("events", "Events", "events"),
            Tab("refused", "Refused", "refused_deliveries"),
            Tab("codes", "Codes", "shop_codes"),
            Tab("shoppers", "Shoppers", "data_requests"),
        ),
    ),
    Group(
        "Links and pages",
        (
            Tab("link_domains", "Link domains", "link_domains"),
            Tab("page_script", "Page script", "page_script"),
            Tab("postbacks", "Postbacks", "postbacks"),
        ),
    ),
    Group(
        "For developers",
        (
            Tab("developers", "API", "developers"),
            Tab("webhooks", "Webhooks", "webhooks"),
        ),
    ),
)
SETTINGS = (
    Tab("brand", "Brand", "settings"),
    Tab("staff", "Staff", "settings_staff"),
    Tab("templates", "Email templates", "settings_templates"),
    Tab("notices", "Automatic emails", "settings_notices"),
    Tab("slack", "Slack", "settings_slack"),
    Tab("flags", "Flags", "settings_flags"),
    Tab("audit", "Audit log", "settings_audit"),
    Tab("account", "My account", "own_account"),
)
MEMBER = (
    Tab("offers", "Offers", "member"),
    Tab("conversions", "Conversions", "member_conversions"),
    Tab("payments", "Payments", "member_payments"),
    Tab("messages", "Messages", "member_messages"),
    Tab("notes", "Notes", "member_notes", "note_count"),
    Tab("questions", "Questions", "member_questions"),
    Tab("history", "History", "member_history"),
)
SECTION_TABS: dict[str, tuple[Tab | Group, ...]] = {
    "Conversions": CONVERSIONS,
    "Payments": PAYMENTS,
    "Emails": EMAILS,
    "Connections": CONNECTIONS,
    "Settings": SETTINGS,
}
TABS = SECTION_TABS | {"Parts of the member's page": MEMBER}
