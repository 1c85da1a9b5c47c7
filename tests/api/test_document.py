"""openapi.json names every field that is read and no other, with the types and bounds it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from tests.cast import raw_order, raw_refund
from tracking.orders.reading import InputError, read_order, read_refund

LINE: dict[str, Any] = {"sku": "GLOW-1", "quantity": 1, "unit_price": "100"}


class Asked(dict[str, Any]):
    """What was sent; notes which fields are asked for."""

    def __init__(self, sent: dict[str, Any]) -> None:
        super().__init__(sent)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)


@pytest.fixture
def described(client: Client) -> dict[str, Any]:
    """The schemas of an order, its lines and a refund, as they stand in a batch of the document."""
    paths = client.get("/api/v1/openapi.json").json()["paths"]

    def one(many: str) -> Any:
        body = paths[f"/api/v1/{many}"]["post"]["requestBody"]["content"]["application/json"]
        single, batch = body["schema"]["anyOf"]
        assert single["properties"].keys() - {"source"} == (
            batch["properties"][many]["items"]["properties"].keys()
        )
        return batch["properties"][many]["items"]

    order = one("orders")
    return {
        "order": order,
        "line": order["properties"]["lines"]["items"],
        "refund": one("refunds"),
    }


def test_every_field_that_is_read_is_described_and_the_other_way_round(
    described: dict[str, Any],
) -> None:
    line, refund = Asked(LINE), Asked(raw_refund())
    order = Asked(raw_order(lines=[line]))
    read_order(order)
    read_refund(refund)

    assert order.names == described["order"]["properties"].keys()
    assert line.names == described["line"]["properties"].keys()
    assert refund.names == described["refund"]["properties"].keys()
    assert {"new_customer"} <= order.names
    assert {"collections"} <= line.names


def problems_with(thing: str, field: str, value: Any) -> list[tuple[str, str]]:
    """What is said of `field` when it holds `value`; LEFT_OUT takes it away."""
    sent = {"order": raw_order(lines=[LINE]), "line": dict(LINE), "refund": raw_refund()}[thing]
    if (thing, field) == ("refund", "lines"):  # instead of the one line
        sent = {name: it for name, it in sent.items() if name not in {"sku", "quantity", "amount"}}
    sent[field] = value
    if value is LEFT_OUT:
        del sent[field]
    try:
        if thing == "refund":
            read_refund(sent)
        else:
            read_order(raw_order(lines=[sent]) if thing == "line" else sent)
    except InputError as error:
        path = f"lines.0.{field}" if thing == "line" else field
        return [
            (one.field, one.code) for one in error.problems if one.field.partition(path)[0] == ""
        ]
    return []


LEFT_OUT = object()
# Spellings that shops send, and others.
ODD: tuple[Any, ...] = (
    "GBP", " gbp ", "GBPX", "G BP", "PAID", " paid ", "Pending", "payed", "YES", "True", " true ",
    "off", "0", "2", "2.0", "1.5", ".5", "1.", " 1 ", "-0", "-0.00", "-.0", "-0.001", "-1", "1e5",
    "1,5", "+1", "0.00", "2026-11-20T09:50:26Z", "2026-11-20t09:50:26.5z",
    "2026-11-20 09:50:26 +0000", "2026-11-20T09:50Z", "20261120T095026.5+01",
    " 2026-11-20T09:50Z ", "2026-W47-5T10:00:00Z", "2026-11-20 09:50:26 utc",
    "2026-11-20_09:50:26Z", "2026-11-20T09:50:26", "2026-11-20", "1763808000", "1763808000123",
    "17638080001", "1".zfill(18), "1".zfill(19), "1." + "0" * 38, "1." + "0" * 39,
    0, 1, 2, -1, 1763808000, 1763808000123, 17638080001, 10**8 - 1, 4_102_444_799,
    4_102_444_800, 4_102_444_799_999, 4_102_444_800_000, Decimal("0.5"), Decimal("-0.0001"),
    True, False, None, "", " ", "x" * 121, "x" * 301, [], ["x"], [None], ["x", None], [1], [True],
    [Decimal("1.5")], [["x"]], [{}], [{"sku": ""}], [{"sku": None, "line_id": " "}],
    [{"line_id": "\n"}], [{"sku": "GLOW-1"}], [{"line_id": 1}], [{"sku": "GLOW-1", "amount": "0"}],
    [{"sku": "GLOW-1", "quantity": " 1 ", "amount": "-0"}], {}, {"a": 1},
)  # fmt: skip


@pytest.mark.parametrize("thing", ["order", "line", "refund"])
def test_the_document_allows_a_value_where_it_is_read(
    described: dict[str, Any], thing: str
) -> None:
    for field, schema in described[thing]["properties"].items():
        allowed = jsonschema_rs.validator_for(schema, validate_formats=True)
        wrong = [
            value
            for value in ODD
            if not is_as_told(problems_with(thing, field, value), allowed.is_valid(value))
        ]
        assert (field, wrong) == (field, [])


def is_as_told(found: list[tuple[str, str]], is_allowed: bool) -> bool:
    """Whether it is read where the document allows it; that may be no currency, or too much."""
    if not is_allowed:
        return bool(found)
    return {code for _, code in found} <= {"unknown_currency", "too_large"}


def forms_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return schema.get("anyOf", [schema])


def at_the_bounds(form: dict[str, Any]) -> list[tuple[Any, bool]]:
    """Values at the bounds that a form tells, and just beyond; whether each may be."""
    if "const" in form or "enum" in form:
        return [(value, True) for value in form.get("enum", [form.get("const")])]
    return PROBES[form["type"]](form)


def numbers(form: dict[str, Any]) -> list[tuple[Any, bool]]:
    found: list[tuple[Any, bool]] = [] if form.get("minimum", 0) > 1 else [(1, True)]
    if "minimum" in form:
        found += [(form["minimum"], True), (form["minimum"] - 1, False)]
    if "exclusiveMinimum" in form:
        found += [(form["exclusiveMinimum"], False)]
    if "maximum" in form:
        found += [(form["maximum"], True), (form["maximum"] + 1, False)]
    return found


def lists(form: dict[str, Any]) -> list[tuple[Any, bool]]:
    is_of_objects = form["items"]["type"] == "object"
    item: Any = {**LINE, "unit_price": "1"} if is_of_objects else "x"
    most = form.get("maxItems")
    found: list[tuple[Any, bool]] = [([item], True), ([], not form.get("minItems"))]
    found += [([item] * most, True), ([item] * (most + 1), False)] if most else []
    if not is_of_objects:
        found += [([text], allowed) for text, allowed in texts(form["items"])]
    return found


def texts(form: dict[str, Any]) -> list[tuple[Any, bool]]:
    pattern, longest = form.get("pattern", ""), form.get("maxLength", 0)
    if form.get("format") == "date-time":
        moment = "2026-11-20T11:00:00Z"
        return [(moment, True), (moment.rjust(longest + 1, "0"), False), ("2026", False)]
    if pattern.startswith(r"^\s*"):
        return []  # test_the_document_allows_a_value_where_it_is_read tries these
    if not pattern and not longest:
        return [("x" * 1_000, True), ("nul \0", True)]
    blank = [("", False), ("  ", False)] if pattern else []
    return [("x" * longest, True), ("x" * (longest + 1), False), *blank]


PROBES: dict[str, Callable[[dict[str, Any]], list[tuple[Any, bool]]]] = {
    "array": lists,
    "boolean": lambda form: [(True, True), (False, True)],
    "integer": numbers,
    "null": lambda form: [(None, True)],
    "number": numbers,
    "string": texts,
}


def cases(described: dict[str, Any]) -> Iterator[tuple[str, str, Any, bool]]:
    for thing, schema in described.items():
        for field, about in schema["properties"].items():
            yield thing, field, LEFT_OUT, field not in schema["required"]
            for form in forms_of(about):
                for value, allowed in at_the_bounds(form):
                    yield thing, field, value, allowed


def test_a_field_may_hold_what_the_document_says_and_no_more(described: dict[str, Any]) -> None:
    listed = list(cases(described))
    wrong = [
        (thing, field, str(value)[:60], found)
        for thing, field, value, allowed in listed
        if bool(found := problems_with(thing, field, value)) is allowed
    ]

    assert wrong == []
    assert len(listed) > 100
    assert {allowed for *_, allowed in listed} == {True, False}


def test_what_no_form_of_a_field_allows_is_refused(described: dict[str, Any]) -> None:
    """A kind of value that the document does not name: a list for a text, a word for a flag."""
    for thing, schema in described.items():
        for field, about in schema["properties"].items():
            kinds = {form.get("type") for form in forms_of(about)}
            strange: dict[str, Any] = {"object": {"a": 1}, "array": [{}], "boolean": True}
            for kind, value in strange.items():
                if kind not in kinds:
                    assert problems_with(thing, field, value), (thing, field, value)
