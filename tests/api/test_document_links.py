"""The document says which answer leads to which operation, by ids and by names of facts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

Links = dict[str, dict[str, Any]]


@pytest.fixture
def document(client: Client) -> Any:
    return client.get("/api/v1/openapi.json").json()


def operations_of(document: Any) -> dict[str, tuple[str, Any]]:
    """Path and description of each operation, by its name."""
    return {
        operation["operationId"]: (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    }


def links_of(document: Any, name: str) -> Links:
    """The links of the answers of an operation that succeeded, by the operation they lead to."""
    _, operation = operations_of(document)[name]
    found = {
        target: document["components"]["links"][link["$ref"].rpartition("/")[2]]
        for answer in operation["responses"].values()
        for target, link in answer.get("links", {}).items()
    }
    assert all(link["operationId"] == target for target, link in found.items())
    return found


def test_what_is_created_is_read_changed_and_listed_by_its_id(document: Any) -> None:
    links = links_of(document, "add_member")

    by_id = {"parameters": {"member": "$response.body#/id"}}
    for name in ("show_member", "change_member", "list_enrollments", "list_payouts", "show_due"):
        assert links[name] == {"operationId": name, **by_id}
    assert links["tag_members"]["requestBody"] == {"members": ["$response.body#/id"]}
    assert "show_offer" not in links


def test_a_row_of_a_list_is_read_and_changed(document: Any) -> None:
    links = links_of(document, "list_codes")

    assert links == {
        "show_code": {
            "operationId": "show_code",
            "parameters": {"code": "$response.body#/data/0/id"},
        },
        "change_code": {
            "operationId": "change_code",
            "parameters": {"code": "$response.body#/data/0/id"},
        },
    }


def test_what_an_answer_mentions_is_read_and_not_changed(document: Any) -> None:
    links = links_of(document, "show_enrollment")

    assert links["show_member"]["parameters"] == {"member": "$response.body#/member"}
    assert "change_member" not in links


def test_an_order_leads_on_by_its_source_and_number(document: Any) -> None:
    links = links_of(document, "send_orders")

    named = {"order_id": "$response.body#/order_id", "source": "$response.body#/source"}
    assert links["show_order_of_source"]["parameters"] == named
    assert links["send_refunds"]["requestBody"] == named
    rows = {name: f"$response.body#/data/0/{name}" for name in ("order_id", "source")}
    listed = links_of(document, "list_orders")
    assert listed["show_order_of_source"]["parameters"] == rows
    assert listed["send_refunds"]["requestBody"] == rows
    assert links_of(document, "show_order")["list_refunds"]["parameters"] == {
        "order": "$response.body#/id"
    }


def test_a_link_leads_to_every_operation_that_takes_an_id(document: Any) -> None:
    every = operations_of(document)
    led_to = {target for name in every for target in links_of(document, name)}
    take_an_id = {name for name, (path, _) in every.items() if "{" in path}

    assert take_an_id <= led_to


def test_a_link_gives_what_its_operation_takes(document: Any) -> None:
    every = operations_of(document)
    for link in document["components"]["links"].values():
        path, operation = every[link["operationId"]]
        takes = {one["name"] for one in operation.get("parameters", [])}
        gives = link.get("parameters", {}).keys()

        assert gives <= takes
        assert set(re.findall(r"{(\w+)}", path)) <= gives
        assert ("requestBody" in operation) >= ("requestBody" in link)
