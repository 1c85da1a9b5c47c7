"""Compute what every code should have earned, in a plain loop that shares no code with the product.
 `python -m benchmarks.independent ORDERS REFUNDS --percent 10` prints it as CSV.

Pence of a line and of a commission are rounded half up, once each; a commission is of what an order
kept after its refunds.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import TextIO

PENNY = Decimal("0.01")
Earned = tuple[int, Decimal, Decimal, Decimal]


def opened(path: str) -> TextIO:
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return open(path, encoding="utf-8", newline="")  # noqa: PTH123


def expected(orders_path: str, refunds_path: str, percent: str | int) -> dict[str, Earned]:
    """{code: (conversions, sales, refunds, commission)} with exact decimals."""
    code_of = {}
    sale_of: defaultdict[str, Decimal] = defaultdict(Decimal)
    refund_of: defaultdict[str, Decimal] = defaultdict(Decimal)
    with opened(orders_path) as file:
        for row in csv.DictReader(file):
            line = Decimal(row["quantity"]) * Decimal(row["unit_price"])
            sale_of[row["order_id"]] += line.quantize(PENNY, ROUND_HALF_UP)
            code_of[row["order_id"]] = row["discount_code"]
    with opened(refunds_path) as file:
        for row in csv.DictReader(file):
            refund_of[row["order_id"]] += Decimal(row["amount"]).quantize(PENNY, ROUND_HALF_UP)
    result: dict[str, Earned] = {}
    for order_id, code in code_of.items():
        if not code:
            continue
        count, sales, refunds, commission = result.get(
            code, (0, Decimal(0), Decimal(0), Decimal(0))
        )
        kept = sale_of[order_id] - refund_of[order_id]
        earned = (kept * Decimal(percent) / 100).quantize(PENNY, ROUND_HALF_UP)
        result[code] = (
            count + 1,
            sales + sale_of[order_id],
            refunds + refund_of[order_id],
            commission + earned,
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("orders")
    parser.add_argument("refunds")
    parser.add_argument("--percent", default="10")
    options = parser.parse_args()
    out = csv.writer(sys.stdout)
    out.writerow(["code", "conversions", "sales", "refunds", "commission"])
    for code, figures in sorted(expected(options.orders, options.refunds, options.percent).items()):
        out.writerow([code, *figures])


if __name__ == "__main__":
    main()
