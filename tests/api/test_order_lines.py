"""An order has at most 1,000 lines, by the API and by a file; no name of a product refuses it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.tenancy import acting_for
from tests.answers import page_text
from tests.api.shop import ORDERS, Shop
from tests.cast import Cast, raw_order
from tests.snapshot import snapshot
from tracking.models import Order, OrderLine
from tracking.orders.reading import MAX_ORDER_LINES, InputError, read_order

SAID = "an order has at most 1,000 lines"
HEADER = "order_id,ordered_at,currency,customer_id,discount_code,sku,product,quantity,unit_price"


def of_lines(number: int, order_id: str = "1001") -> dict[str, Any]:
    line = {"sku": "GLOW-1", "quantity": 1, "unit_price": "1.00"}
    return raw_order(order_id, lines=[line] * number)


def kept(cast: Cast) -> dict[str, tuple[int, int]]:
    """By order: how many lines there are, and its total in minor units."""
    with acting_for(cast.juniper):
        return {
            order.external_id: (OrderLine.objects.filter(order=order).count(), order.total_minor)
            for order in Order.objects.all()
        }


def test_the_limit() -> None:
    assert MAX_ORDER_LINES == 1_000
    assert len(read_order(of_lines(1_000)).lines) == 1_000
    with pytest.raises(InputError) as refused:
        read_order(of_lines(1_001))
    [problem] = refused.value.problems
    assert (problem.field, problem.code, problem.message) == ("lines", "too_many", SAID)


def test_an_order_by_the_api(cast: Cast, shop: Shop) -> None:
    assert shop.send(ORDERS, of_lines(1_000)).status_code == 201
    before = snapshot()

    answer = shop.send(ORDERS, of_lines(1_001, "1002"))

    assert answer.status_code == 422
    assert [(one["field"], one["message"]) for one in answer.json()["problems"]] == [
        ("lines", SAID)
    ]
    assert snapshot() == before
    assert kept(cast) == {"1001": (1_000, 100_000)}


def test_an_order_in_a_batch(cast: Cast, shop: Shop) -> None:
    sent = {"orders": [of_lines(1_000), of_lines(1_001, "1002"), of_lines(1, "1003")]}

    answer = shop.send(ORDERS, sent)

    assert answer.status_code in {200, 422}
    assert SAID in page_text(answer)
    assert "1002" not in kept(cast)


def test_the_document_says_so(shop: Shop) -> None:
    document = shop.client.get("/api/v1/openapi.json").json()

    found = list(limits_of(document))

    assert found
    assert set(found) == {1_000}


def limits_of(node: Any) -> list[int]:
    """The most lines that every order in the document may have."""
    if isinstance(node, dict):
        lines = node.get("lines")
        own = [lines["maxItems"]] if isinstance(lines, dict) and lines.get("minItems") else []
        return own + [limit for inner in node.values() for limit in limits_of(inner)]
    if isinstance(node, list):
        return [limit for inner in node for limit in limits_of(inner)]
    return []


def test_an_order_in_a_file(cast: Cast, tmp_path: Path) -> None:
    rows = [
        f"{order_id},2026-11-20T08:00:00Z,GBP,,MARA15,S{number},Soap,1,1.00"
        for order_id, many in (("A", 1_000), ("B", 1_001), ("C", 1))
        for number in range(many)
    ]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    told = io.StringIO()

    with pytest.raises(CommandError):
        call_command(
            "import_orders", str(path), "--brand", "juniper", "--source", "till",
            stdout=told, stderr=told,
        )  # fmt: skip

    assert f"line 1002: lines: {SAID}" in told.getvalue()
    assert kept(cast) == {"A": (1_000, 100_000), "C": (1, 100)}


@pytest.mark.parametrize(
    ("product", "stored"),
    [("Glow" * 100, f"{('Glow' * 100)[:299]}…"), ("Glow\0\ud83d", "Glow\ufffd\ufffd"), (7, "7")],
)
def test_no_name_of_a_product_refuses_its_order(
    cast: Cast, shop: Shop, product: object, stored: str
) -> None:
    line = {"sku": "G", "quantity": 1, "unit_price": "1", "product": product}

    assert shop.send(ORDERS, raw_order("1", lines=[line])).status_code == 201

    with acting_for(cast.juniper):
        assert OrderLine.objects.get().product == stored


def test_lines_without_an_id_refuse_no_order_of_lines_with_one(cast: Cast, shop: Shop) -> None:
    line = {"sku": "G", "quantity": 1, "unit_price": "1"}
    lines = [line | {"line_id": "2"}, line, line | {"line_id": 3}, line]

    for _ in range(2):
        assert shop.send(ORDERS, raw_order("1", lines=lines)).status_code in {200, 201}

    with acting_for(cast.juniper):
        found = OrderLine.objects.order_by("position").values_list("line_id", flat=True)
        assert list(found) == ["2", "2*", "3", "4"]
