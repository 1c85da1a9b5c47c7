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

from tests.api.shop import ORDERS, Shop, key_for
from tests.cast import Cast

DOCUMENT = "/api/v1/openapi.json"
OPERATIONS = {
    "send_orders", "state_orders", "state_order", "show_order", "show_order_of_source",
    "send_refunds", "state_refunds", "state_refund", "undo_refund",
}  # fmt: skip
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FEW_EXAMPLES = settings(
    max_examples=40,
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

        @FEW_EXAMPLES
        @given(case=operation.as_strategy())
        def answers_as_described(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        answers_as_described()
        tried.add(operation.definition.raw["operationId"])

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
            assert ("Idempotency-Key" in names) == (method in {"post", "patch"})


def test_there_is_no_page_that_loads_scripts(shop: Shop) -> None:
    answer = shop.ask("/api/v1/docs")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
