"""Orders and refunds of the documented shape, to change in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integrations.woocommerce import values

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> Any:
    """Read one of the fixtures, with exact decimals. Each call returns its own copy."""
    return values.parse((FIXTURES / f"{name}.json").read_bytes())


def an_order(**changes: Any) -> dict[str, Any]:
    return {**fixture("order"), **changes}


def a_line(total: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": 1, "name": "Oil", "sku": "", "quantity": 1, "subtotal": total, "total": total,
        "total_tax": "0.00", **changes,
    }  # fmt: skip


def a_refund(amount: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": 800, "date_created_gmt": "2026-11-25T09:00:00", "amount": amount, "reason": "",
        "line_items": [], "shipping_lines": [], "tax_lines": [], "fee_lines": [], **changes,
    }  # fmt: skip


def refunded(line_id: int, total: str, tax: str = "0.00", quantity: int = -1) -> dict[str, Any]:
    """An item of a refund that gives back a line: its amounts are negative."""
    return {
        "id": 900, "quantity": quantity, "total": total, "total_tax": tax, "sku": "",
        "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line_id)}],
    }  # fmt: skip
