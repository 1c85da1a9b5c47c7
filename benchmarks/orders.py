"""Import a shop's history: its speed, and that every figure is what an independent loop computes.

With ORDERS and REFUNDS in the environment those files are used (columns: docs/importing.md),
else a made-up history of the same shape: 3,745 orders with 102,891 lines and 48 codes. A second
brand gets the same orders in another sequence, each first with wrong lines and then corrected; a
third gets each order and each refund in a separate call to the API.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random

from django.core.management import call_command
from django.db import connection

from benchmarks.figures import show, timed
from benchmarks.independent import expected, opened
from benchmarks.single_calls import send_as_single_calls

HEADER = (
    "order_id,ordered_at,currency,customer_id,country,discount_code,sku,product,quantity,unit_price"
)
ORDERS, LINES, CODES = 3_745, 102_891, 48


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        orders = os.environ.get("ORDERS") or made_up_orders(Path(folder))
        refunds = os.environ.get("REFUNDS") or made_up_refunds(Path(folder), orders)
        members = members_of(Path(folder), orders)
        prepare("bench", members)
        measure(orders, refunds)
        prepare("corrected", members)
        correct(Path(folder), orders, refunds)
        prepare("calls", members)
        call_singly(orders, refunds)


def prepare(brand: str, members: str) -> None:
    quiet("create_brand", brand, "--name", brand.title(), "--currency", "GBP", "--timezone",
          "Europe/London", "--owner", f"owner@{brand}.example")  # fmt: skip
    quiet("create_offer", "--brand", brand, "--name", "All", "--kind", "both", "--percent", "10",
          "--destination", f"https://{brand}.example/")  # fmt: skip
    quiet("import_members", members, "--brand", brand, "--offer", "All")


def measure(orders: str, refunds: str) -> None:
    rows = line_rows(orders)
    count = len({row[0] for row in rows})
    bare = timed(lambda: copy_bare(rows))
    arguments = ("import_orders", orders, "--refunds", refunds, "--brand", "bench", "--source", "b")
    first = timed(lambda: quiet(*arguments))
    second = timed(lambda: quiet(*arguments))
    show("orders, lines", f"{count:,}, {len(rows):,}")
    show("import with refunds", f"{first:.1f} s, {count / first:,.0f} orders/s")
    show("  as a multiple of a bare COPY of its lines", f"{first / bare:.1f}")
    show(
        "second import, which changes nothing", f"{second:.1f} s, {second / first:.2f} of the first"
    )
    show("reconcile", f"{timed(lambda: quiet('reconcile')):.1f} s")
    found = differing("bench", orders, refunds)
    show("codes whose figures differ from the independent loop", str(found))


def correct(folder: Path, orders: str, refunds: str) -> None:
    """Send all orders wrong and in another sequence, refunds with them; then send them right."""
    wrong, right = stated_twice(folder, orders)
    options = ("--brand", "corrected", "--source", "b")
    first = timed(lambda: quiet("import_orders", wrong, "--refunds", refunds, *options))
    second = timed(lambda: quiet("import_orders", right, "--update", *options))
    show("all orders in another sequence, with wrong lines", f"{first:.1f} s")
    show("  corrected, in yet another sequence", f"{second:.1f} s, {second / first:.2f} of it")
    found = differing("corrected", orders, refunds)
    show("  codes whose figures differ from the independent loop", str(found))


def call_singly(orders: str, refunds: str) -> None:
    calls, seconds = send_as_single_calls("calls", orders, refunds)
    show("orders and refunds as single calls, shuffled", f"{seconds:.1f} s")
    show("  calls", f"{calls:,}, {calls / seconds:,.0f} a second")
    found = differing("calls", orders, refunds)
    show("  codes whose figures differ from the independent loop", str(found))


def stated_twice(folder: Path, orders: str) -> tuple[str, str]:
    """Write the orders in two sequences into two files, and in the first with wrong lines."""
    chance = Random(2)
    with opened(orders) as file:
        rows = csv.DictReader(file)
        columns = list(rows.fieldnames or ())
        by_order: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            by_order.setdefault(row["order_id"], []).append(row)
    paths = []
    for name in ("wrong", "right"):
        path = folder / f"{name}.csv"
        ids = list(by_order)
        chance.shuffle(ids)
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            for order_id in ids:
                lines = by_order[order_id]
                writer.writerows(made_wrong(lines, chance) if name == "wrong" else lines)
        paths.append(str(path))
    return paths[0], paths[1]


def made_wrong(lines: list[dict[str, str]], chance: Random) -> list[dict[str, str]]:
    if len(lines) > 1 and chance.random() < 0.5:
        return lines[:-1]
    extra = lines[0] | {"sku": "WRONG", "quantity": "3"}
    return [lines[0] | {"quantity": "7"}, *lines[1:], extra]


def differing(brand: str, orders: str, refunds: str) -> int:
    exported = quiet("export_offer", "--brand", brand, "--offer", "All")
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(exported))}
    computed = expected(orders, refunds, "10")
    assert rows.keys() == computed.keys()
    return sum(
        (
            int(row["conversions"]),
            Decimal(row["sales"]),
            Decimal(row["refunds"]),
            Decimal(row["commission"]),
        )
        != computed[code]
        for code, row in rows.items()
    )


def quiet(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def copy_bare(rows: list[tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bare (order_id text, sku text, quantity int, price numeric)"
        )
        with cursor.copy("COPY bare FROM STDIN") as out:
            for row in rows:
                out.write_row(row)
        cursor.execute("DROP TABLE bare")


def line_rows(orders: str) -> list[tuple[str, ...]]:
    with opened(orders) as file:
        return [
            (row["order_id"], row["sku"], row["quantity"], row["unit_price"])
            for row in csv.DictReader(file)
        ]


def members_of(folder: Path, orders: str) -> str:
    with opened(orders) as file:
        codes = sorted({row["discount_code"] for row in csv.DictReader(file)} - {""})
    path = folder / "members.csv"
    path.write_text(
        "\n".join(
            ["email,first_name,last_name,promo_code"]
            + [f"{code.lower()}@creators.example,{code.title()},Creator,{code}" for code in codes]
        )
    )
    return str(path)


def made_up_orders(folder: Path) -> str:
    chance = Random(1)
    lines = [HEADER]
    for number in range(ORDERS):
        code = f"CODE{number % 72}" if number % 72 < CODES else ""
        count = LINES // ORDERS + (number < LINES % ORDERS)
        lines += [
            f"{number},2010-12-{1 + number % 28:02}T08:00:00Z,GBP,c{number},UK,{code},"
            f"S{chance.randrange(3_000)},A thing,{chance.choice((1, 2, 6, 12, 1_000))},"
            f"{chance.choice(('4.25', '0.85', '12.755', '0.003'))}"
            for _ in range(count)
        ]
    path = folder / "orders.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return str(path)


def made_up_refunds(folder: Path, orders: str) -> str:
    rows = [row for row in line_rows(orders) if row[3] == "4.25"][::20]
    lines = ["refund_id,order_id,refunded_at,currency,sku,quantity,amount"]
    seen = set()
    for order_id, sku, quantity, price in rows:
        if (order_id, sku) not in seen:
            seen.add((order_id, sku))
            amount = Decimal(quantity) * Decimal(price)
            lines.append(
                f"R{len(seen)},{order_id},2011-01-05T00:00:00Z,GBP,{sku},{quantity},{amount}"
            )
    path = folder / "refunds.csv"
    path.write_text("\n".join(lines))
    return str(path)
