"""Every query is read as the document describes it, in each operation that has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.nouns.stage import Stage
from tests.api.nouns.test_answers import READS, document

NO_WHOLE_NUMBERS = ("%2B5", "2.0", "1_0", "%205", "5e0", "%D9%A5")
NO_TIMES = (
    "2026-11-22T10:40Z", "2026-11-22T10:40:00,5Z", "2026-11-22T10:40:00%2B01",
    "2026-11-22T10:40:00%2B01:00:30", "2026-11-22T10:40:00%2B0100", "2026-11-22%2010:40:00Z",
    "20261122T104000Z", "2026-11-22", "1795344000",
)  # fmt: skip
TIMES = ("2026-11-22t10:40:00z", "2026-11-22T10:40:00.123456789Z", "2026-11-22T10:40:00%2B01:00")


def parameters(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Operation, name and schema of each parameter of a query that reads."""
    for path in described["paths"].values():
        name = path.get("get", {}).get("operationId")
        for one in path["get"].get("parameters", []) if name in READS else ():
            if one["in"] == "query":
                yield name, one["name"], one["schema"]


def forms_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return found


def asked(stage: Stage, name: str, query: str) -> tuple[int, str]:
    """The status of a list, and what is wrong with the query."""
    path = READS[name].format(**{one: stage.id(one) for one in stage.rows})
    path, _, own = path.partition("?")
    without = [part for part in own.split("&") if part.split("=")[0] != query.split("=")[0]]
    answer = stage.get(f"{path}?{'&'.join(filter(None, [*without, query]))}")
    problems = answer.json().get("problems", [])
    return answer.status_code, problems[0]["code"] if problems else ""


def of_type(kind: str) -> list[tuple[str, str]]:
    """The operations and names of parameters that have this type."""
    return [
        (operation, name)
        for operation, name, schema in parameters(document())
        if kind in {form.get("type") for form in forms_of(schema)}
    ]


def test_a_whole_number_is_digits(stage: Stage) -> None:
    listed = of_type("integer")

    assert ("list_due", "limit") in listed
    for operation, name in listed:
        for value in NO_WHOLE_NUMBERS:
            found = asked(stage, operation, f"{name}={value}")
            assert (operation, value, *found) == (operation, value, 422, "int_parsing")


def test_yes_and_no_are_true_and_false(stage: Stage) -> None:
    listed = of_type("boolean")

    assert ("list_orders", "unattributed") in listed
    for operation, name in listed:
        for value in ("yes", "1", "True", "on", ""):
            found = asked(stage, operation, f"{name}={value}")
            assert (operation, value, *found) == (operation, value, 422, "bool_parsing")
        assert asked(stage, operation, f"{name}=true")[0] == 200


def test_a_time_is_one_of_rfc_3339(stage: Stage) -> None:
    listed = [
        (operation, name)
        for operation, name, schema in parameters(document())
        if "date-time" in {form.get("format") for form in forms_of(schema)}
    ]

    assert len(listed) > 30
    for operation, name in listed:
        for value in TIMES:
            assert (operation, value, *asked(stage, operation, f"{name}={value}")) == (
                operation, value, 200, "",
            )  # fmt: skip
    for value in NO_TIMES:
        found = asked(stage, "list_members", f"created_since={value}")
        assert (value, *found) == (value, 422, "not_a_time")


def test_no_filter_holds_a_nul(stage: Stage) -> None:
    listed = [
        (operation, name)
        for operation, name, schema in parameters(document())
        if forms_of(schema) == [schema] and schema.get("type") == "string"
    ]

    assert {("list_runs", "search"), ("list_members", "search"), ("list_codes", "code")} <= {
        *listed
    }
    for operation, name in listed:
        status, _ = asked(stage, operation, f"{name}=%00")
        assert (operation, name, status) == (operation, name, 422)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/conversions?expand=payout",
         "payout can't be shown whole here: only order, member, offer, enrollment can be"),
        ("/due?member={member}&expand=member", "member can't be shown whole here: nothing can be"),
    ],
)  # fmt: skip
def test_what_can_be_shown_whole_is_said(stage: Stage, path: str, message: str) -> None:
    answer = stage.get(path.format(member=stage.id("member")))

    assert [one["message"] for one in answer.json()["problems"]] == [message]
