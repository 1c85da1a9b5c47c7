"""What staff can do in the admin, and the operation of the API that does the same.

The table names every page and every action of these sections that changes something. What no
operation does says why. A page that is added fails here until it is in the table.
"""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.permissions import Permission
from brand_admin.lists import LISTS
from tests.api.nouns.recipes import RECIPES
from tests.architecture.routes import in_brand_admin

SECTIONS = {
    "members": "members/",
    "offers": "offers/",
    "reporting": "reporting/",
    "conversions": "conversions/",
    "payments": "payments/",
    "webhooks": "connections/webhooks/",
}
CHANGING = {Permission.MANAGE, Permission.PAY, Permission.ADMINISTER}


class NotServed(str):
    """Why no operation does what a page does."""

    __slots__ = ()


CHOICE = NotServed("a page that leads on: it changes nothing by itself")
FILE = NotServed("a file to upload, worked on in the background: send the rows one by one")
FOR_A_BANK = NotServed("a file for the bank with payout details, which no key sees")
SEGMENT = NotServed("a filter with a name, for people who list members; a program keeps its own")
NOTE = NotServed("what staff write for each other about a member")
# By the name of the page: the operations that do what it does.
PAGES: dict[str, tuple[str, ...] | NotServed] = {
    "member_new": ("add_member",),
    "member_edit": ("change_member",),
    "member": NotServed("its form is the page of joining"),
    "offer": NotServed("its buttons are separate pages"),
    "member_notes": NOTE,
    "note_delete": NOTE,
    "member_code": ("give_codes",),
    "members_email": ("send_campaign",),
    "segment_new": SEGMENT,
    "segment": SEGMENT,
    "segment_delete": SEGMENT,
    "member_join": ("add_members_to_offer",),
    "members_import": FILE,
    "members_import_confirm": FILE,
    "offer_new": ("make_offer",),
    "offer_edit": ("change_offer",),
    "offer_image": NotServed("a picture to upload"),
    "terms_new": ("add_terms",),
    "terms_replace": ("add_terms",),
    "terms_withdraw": ("withdraw_terms",),
    "offer_status": ("set_status_of_offer",),
    "offer_refresh_codes": ("give_codes",),
    "link": ("change_link",),
    "link_test": NotServed("a report of each hop, for people who read it"),
    "offer_flag_hold": NotServed("what is held for review is a setting, for people to decide"),
    "code_grace": ("change_code",),
    "code_grace_end": ("change_code",),
    "leak": NotServed("a replacement with a mail and days of grace: give_codes gives a new code"),
    "leak_dismiss": NotServed("the page of the leaked code, for people who read the figures"),
    "question": ("answer_question",),
    "unattributed_member": CHOICE,
    "exchange_rates_new": NotServed("rates belong to the brand's books, not to these nouns"),
    "conversion_share_member": CHOICE,
    "conversion_share": ("share_conversion",),
    "orders_import": FILE,
    "orders_import_columns": FILE,
    "orders_import_confirm": FILE,
    "payment_new": ("record_payout",),
    "adjustment_new": ("post_adjustment",),
    "debt_write_off": ("write_off_debt",),
    "payment_paid": ("mark_payout_paid",),
    "payment_return": ("return_payout",),
    "payment_run_new": ("draft_new_run",),
    "payment_run_confirm": ("confirm_run",),
    "payment_run_redraft": ("redraft_run",),
    "payment_run_discard": ("discard_run",),
    "payment_run_paid": ("mark_run_paid",),
    "payment_run_return": ("return_run",),
    "webhook_add": ("add_endpoint",),
    "webhook_change": ("change_endpoint",),
    "webhook_secret": ("rotate_secret_of_endpoint",),
    "webhook_test": ("send_test_to_endpoint",),
    "webhook_on": ("turn_endpoint_on",),
    "webhook_off": ("turn_endpoint_off",),
    "webhook_again": ("send_again_to_endpoint",),
    "webhook_delete": ("delete_endpoint",),
    "payment_run_bank": FOR_A_BANK,
    "payment_run_paypal": FOR_A_BANK,
}
# By the name of the list and the key of its action.
OF_CONNECTIONS = NotServed("a connection is set up and looked after on its own pages")
ACTIONS: dict[tuple[str, str], str | NotServed] = {
    ("members", "tag"): "tag_members",
    ("members", "untag"): "untag_members",
    ("members", "owner"): "set_owner_of_members",
    ("members", "email"): "send_campaign",
    ("members", "offer"): "add_members_to_offer",
    ("members", "project"): NotServed("projects are steps of staff's own work"),
    ("members", "export"): NotServed("a file of what list_members tells"),
    ("members", "activate"): "activate_enrollments",
    ("members", "deactivate"): "deactivate_enrollments",
    ("payments", "paid"): "mark_payout_paid",
    ("offer", "activate"): "activate_enrollments",
    ("offer", "deactivate"): "deactivate_enrollments",
    ("offer", "refresh"): "give_codes",
    ("offer", "renew"): "renew_dashboard_links",
    ("offer", "remove"): "remove_enrollments",
    ("offer", "email_members"): "send_campaign",
    ("offer_add", "add"): "add_members_to_offer",
    ("conversions", "accept"): "accept_conversions",
    ("conversions", "reject"): "reject_conversions",
    ("flags", "clear"): "clear_flags",
    ("flags", "reject"): "reject_flags",
    ("unattributed", "credit"): "credit_orders",
    ("unattributed", "look-again"): "look_at_orders_again",
    ("due", "run"): "draft_new_run",
    ("webhook_deliveries", "send_again"): "send_deliveries_again",
    ("compared_codes", "make"): OF_CONNECTIONS,
    ("compared_codes", "end"): OF_CONNECTIONS,
    ("events", "replay"): OF_CONNECTIONS,
}
# What staff do elsewhere, or by another page of the same section.
OF_EMAILS = {"pause_campaign", "resume_campaign", "cancel_campaign"}
MORE = {"give_links", "show_dashboard_link"} | OF_EMAILS


def served() -> set[str]:
    """Every operation that the table names."""
    of_pages = {
        name for names in PAGES.values() if not isinstance(names, NotServed) for name in names
    }
    of_actions = {name for name in ACTIONS.values() if not isinstance(name, NotServed)}
    return of_pages | of_actions


def test_every_page_that_changes_something_is_in_the_table() -> None:
    beginnings = tuple(f"admin/<slug:slug>/{path}" for path in SECTIONS.values())
    files = {listing.file_page for listing in LISTS.values()} | {"exchange_rates_csv"}
    of_actions = {listing.change_page for listing in LISTS.values() if listing.actions}
    found = {
        route.name
        for route in in_brand_admin()
        if route.pattern.startswith(beginnings)
        and route.post_permission in CHANGING
        and route.name not in files | (of_actions - PAGES.keys())
    }

    assert found == PAGES.keys()


def test_every_action_on_chosen_rows_is_in_the_table() -> None:
    sections = {*SECTIONS, "sales_tracking", "connections"}
    found = {
        (listing.name, action.key)
        for listing in LISTS.values()
        if listing.section in sections
        for action in listing.actions
    }

    assert found == ACTIONS.keys()


def test_every_operation_of_the_table_is_there_and_does_what_its_recipe_says() -> None:
    """tests/api/nouns/test_changing.py runs each recipe and reads its audit entries."""
    assert served() | MORE == RECIPES.keys()


@pytest.mark.django_db
def test_the_document_has_every_operation_of_the_table(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    known = {one["operationId"] for path in paths.values() for one in path.values()}

    assert served() <= known
