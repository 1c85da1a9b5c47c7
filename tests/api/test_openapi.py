"""openapi.json tells the truth: whatever it allows is answered as it says, and never with a 500."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.amounts import amount
from tests.api.shop import ORDERS, Shop, key_for
from tests.cast import Cast

DOCUMENT = "/api/v1/openapi.json"
OF_SHOPS = {
    "send_orders", "state_orders", "state_order", "show_order", "show_order_of_source",
    "send_refunds", "state_refunds", "state_refund", "undo_refund",
}  # fmt: skip
OF_NOUNS = {
    "list_members", "show_member", "add_member", "change_member", "tag_members",
    "untag_members", "set_owner_of_members",
    "list_offers", "show_offer", "make_offer", "change_offer", "set_status_of_offer",
    "list_terms", "show_terms", "add_terms", "withdraw_terms",
    "list_enrollments", "show_enrollment", "add_members_to_offer", "activate_enrollments",
    "deactivate_enrollments", "remove_enrollments", "renew_dashboard_links",
    "show_dashboard_link", "show_balance",
    "list_codes", "show_code", "give_codes", "change_code", "list_links", "show_link", "give_links",
    "change_link", "list_link_domains", "show_link_domain",
    "list_clicks", "show_click",
    "list_orders", "list_refunds", "show_refund", "list_revisions", "show_revision",
    "list_conversions", "show_conversion", "credit_orders", "look_at_orders_again",
    "accept_conversions", "reject_conversions", "share_conversion",
    "list_flags", "show_flag", "clear_flags", "reject_flags",
    "list_questions", "show_question", "answer_question",
    "list_payouts", "show_payout", "show_due", "list_due", "record_payout", "mark_payout_paid",
    "return_payout", "post_adjustment", "write_off_debt",
    "list_runs", "show_run", "list_members_of_run", "draft_new_run", "confirm_run",
    "redraft_run", "discard_run", "mark_run_paid", "return_run",
    "show_figures", "show_sources",
    "list_campaigns", "show_campaign", "list_recipients", "send_campaign", "pause_campaign",
    "resume_campaign", "cancel_campaign",
    "list_endpoints", "show_endpoint", "add_endpoint", "change_endpoint", "delete_endpoint",
    "turn_endpoint_on", "turn_endpoint_off", "rotate_secret_of_endpoint", "send_test_to_endpoint",
    "send_again_to_endpoint", "list_deliveries", "show_delivery", "send_deliveries_again",
}  # fmt: skip
# An order of these has an identity of its own, so they need no Idempotency-Key.
OF_OTHER_KEYS = {"report_order", "call_postback", "send_postback"}
OPERATIONS = OF_SHOPS | OF_NOUNS | OF_OTHER_KEYS
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def few_examples(of: str) -> settings:
    """Fewer of the nouns, which are many; what their fields may hold is declared by schemas."""
    return settings(
        max_examples=amount(10, soak=40) if of in OF_SHOPS else amount(3, soak=8),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.django_db(transaction=True)
def test_every_answer_is_as_described(cast: Cast, live_server: Any) -> None:
    headers = {"Authorization": f"Bearer {key_for(cast.juniper)}"}
    described = schemathesis.openapi.from_url(f"{live_server.url}{DOCUMENT}")
    tried = set()

    for found in described.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        name = operation.definition.raw["operationId"]

        @few_examples(name)
        @given(case=operation.as_strategy())
        def answers_as_described(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        answers_as_described()
        tried.add(name)

    assert tried == OPERATIONS


@pytest.mark.django_db
def test_the_document_names_every_operation_and_needs_a_key_for_each(client: Client) -> None:
    paths = client.get(DOCUMENT).json()["paths"]

    operations = [operation for path in paths.values() for operation in path.values()]

    assert {operation["operationId"] for operation in operations} == OPERATIONS
    assert ORDERS in paths
    scopes = {one["operationId"]: one["security"] for one in operations}
    assert scopes["send_orders"] == [{"ShopKey": ["orders"]}]
    assert scopes["show_order"] == [{"ShopKey": ["read"]}, {"ShopKey": ["orders"]}]
    assert all(scopes.values())
    assert all({"403", "429"} <= operation["responses"].keys() for operation in operations)
    assert all("RateLimit-Limit" in one["responses"]["429"]["headers"] for one in operations)


@pytest.mark.django_db
def test_the_document_names_the_idempotency_key_of_each_post(client: Client) -> None:
    for path in client.get(DOCUMENT).json()["paths"].values():
        for method, operation in path.items():
            names = [one["name"] for one in operation.get("parameters", [])]
            takes_one = (
                method in {"post", "patch"} and operation["operationId"] not in OF_OTHER_KEYS
            )
            assert ("Idempotency-Key" in names) == takes_one


def test_there_is_no_page_that_loads_scripts(shop: Shop) -> None:
    answer = shop.ask("/api/v1/docs")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
