"""Import and export, through the commands, against an independent computation."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command

from benchmarks.independent import expected
from core.tenancy import acting_for
from payouts.models import LedgerEntry
from tests.cast import Cast
from tracking.models import Conversion, Order, PromoCode, Refund

pytestmark = pytest.mark.usefixtures("cast")

ORDERS = (
    "order_id,ordered_at,currency,customer_id,country,discount_code,sku,product,quantity,unit_price"
)
REFUNDS = "refund_id,order_id,refunded_at,currency,sku,quantity,amount"
MEMBERS = "email,first_name,last_name,promo_code"


Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, header: str, *rows: str) -> str:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return str(path)

    return write_file


def run(command: str, *args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def failing(command: str, *args: str) -> tuple[str, str]:
    err = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command(command, *args, stdout=io.StringIO(), stderr=err)
    return str(error.value), err.getvalue()


def import_orders(path: str, *more: str) -> tuple[str, str]:
    return run("import_orders", path, "--brand", "juniper", "--source", "shop", *more)


def exported() -> dict[str, dict[str, str]]:
    out, _ = run("export_offer", "--brand", "juniper", "--offer", "winter glow CREATORS")
    return {row["code"]: row for row in csv.DictReader(io.StringIO(out))}


def shop_history(tmp_path: Path) -> tuple[str, str]:
    """600 random orders and their refunds in the files' format, with awkward cases among them."""
    chance = Random(20101201)
    orders, refunds = [ORDERS], [REFUNDS]
    for number in range(600):
        code = chance.choice(["MARA15", "diego10", "JUNE20", "", ""])
        net: dict[str, list[Decimal]] = {}
        for _ in range(chance.choice([1, 1, 2, 5, 40])):
            sku = f"S{chance.randrange(30)}"
            quantity = chance.choice([1, 1, 2, 6, 1_000])
            price = Decimal(chance.choice([0, 1, 9, 95, 1005, 424_999])) / 1000
            day = chance.randrange(1, 29)
            line = (Decimal(quantity) * price).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            net.setdefault(sku, []).append(line)
            orders.append(
                f"{number},2010-12-01T08:{number % 60:02}:00Z,GBP,c{number % 90},UK,{code},{sku},"
                f'"A ""glass"" star, large",{quantity},{price}'
            )
            assert day
        for sku, lines in net.items():
            if sum(lines) and chance.random() < 0.1:
                amount = chance.choice([sum(lines), min(Decimal("0.01"), sum(lines))])
                refunds.append(
                    f"C{number}-{sku},{number},2011-01-02T00:00:00Z,GBP,{sku},1,{amount}"
                )
    orders_path, refunds_path = tmp_path / "orders.csv.gz", tmp_path / "refunds.csv"
    orders_path.write_bytes(gzip.compress("\n".join(orders).encode()))
    refunds_path.write_text("\n".join(refunds))
    return str(orders_path), str(refunds_path)


def test_an_imported_history_is_what_an_independent_loop_computes(tmp_path: Path) -> None:
    orders, refunds = shop_history(tmp_path)

    import_orders(orders, "--refunds", refunds)

    computed = {code.upper(): figures for code, figures in expected(orders, refunds, "10").items()}
    for code, row in exported().items():
        assert (
            int(row["conversions"]),
            Decimal(row["sales"]),
            Decimal(row["refunds"]),
            Decimal(row["commission"]),
        ) == computed[code]
    assert "No difference" in run("reconcile")[0]


def test_refunds_before_their_orders_come_to_the_same(tmp_path: Path, write: Write) -> None:
    orders, refunds = shop_history(tmp_path)
    nothing = write("none.csv", ORDERS)

    import_orders(nothing, "--refunds", refunds)
    import_orders(orders)

    computed = {code.upper(): figures for code, figures in expected(orders, refunds, "10").items()}
    assert {code: Decimal(row["commission"]) for code, row in exported().items()} == {
        code: figures[3] for code, figures in computed.items()
    }
    assert "No difference" in run("reconcile")[0]


def test_a_second_import_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    orders, refunds = shop_history(tmp_path)
    import_orders(orders, "--refunds", refunds)
    with acting_for(cast.juniper):
        before = (
            exported(),
            Order.objects.count(),
            Refund.objects.count(),
            Conversion.objects.count(),
            LedgerEntry.objects.count(),
        )

    out, _ = import_orders(orders, "--refunds", refunds)

    assert "orders: 600 duplicate; 0 errors" in out
    with acting_for(cast.juniper):
        assert before == (
            exported(),
            Order.objects.count(),
            Refund.objects.count(),
            Conversion.objects.count(),
            LedgerEntry.objects.count(),
        )


def test_a_bad_row_is_named_by_line_and_reason_and_the_rest_goes_in(
    cast: Cast, write: Write
) -> None:
    path = write(
        "orders.csv",
        ORDERS,
        "1,2026-01-01T10:00:00Z,GBP,,UK,MARA15,A,Tea,1,5.00",
        "2,2026-01-01T10:00:00Z,GBP,,UK,MARA15,A,Tea,1,5.00",
        "2,2026-01-01T10:00:00Z,GBP,,UK,MARA15,B,Cup,-1,5.00",
        "3,yesterday,GBP,,UK,MARA15,A,Tea,1,5.00",
        "4,2026-01-01T10:00:00Z,XXQ,,UK,MARA15,A,Tea,1,5.00",
        "5,2026-01-01T10:00:00Z,USD,,UK,MARA15,A,Tea,1,5.00",
        "6,2026-01-01T10:00:00Z,GBP,,UK,MARA15,A,Tea,1,-5.00",
        "7,2026-01-01T10:00:00Z,GBP,,UK,MARA15,A,Tea,1,five",
        "8,2026-01-01T10:00:00Z,GBP,,UK,MARA15,A,Tea,1,5.00",
    )

    message, err = failing("import_orders", path, "--brand", "juniper", "--source", "shop")

    assert message == "5 rows were refused; all others were imported"
    assert err.splitlines()[1:] == [
        "line 4: quantity: -1 is not a quantity: it must be 0 or more",
        "line 5: ordered_at: 'yesterday' is not an ISO 8601 time",
        "line 6: currency: 'XXQ' is not a currency",
        "line 8: unit_price: -5.00 is negative",
        "line 9: unit_price: 'five' is not a decimal amount",
    ]
    with acting_for(cast.juniper):
        assert list(Order.objects.order_by("pk").values_list("external_id", flat=True)) == [
            "1",
            "5",  # in another currency: kept, and credited to nobody
            "8",
        ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"order_id,ordered_at\n1,2\n", "file: the file has no column currency, customer_id"),
        (b"\xff\xfe\x00ba", "file: the file is not UTF-8 text"),
        (b"", "file: the file has no column order_id"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)

    message, _ = failing("import_orders", str(path), "--brand", "juniper", "--source", "shop")

    assert message.startswith(reason)


def test_members_come_in_with_their_codes_and_links_once(cast: Cast, write: Write) -> None:
    path = write(
        "members.csv",
        MEMBERS,
        "new@person.example,New,Person,NEWBIE",
        "MARA@lindqvist.example,Mara,Lindqvist,MARA15",
    )
    args = ("import_members", path, "--brand", "juniper", "--offer", "Winter Glow creators")

    first, _ = run(*args)
    second, _ = run(*args)

    assert first == "members: 1 added, 1 unchanged; 0 errors\n"
    assert second == "members: 2 unchanged; 0 errors\n"
    with acting_for(cast.juniper):
        assert PromoCode.objects.get(code="NEWBIE").enrollment.member.email == "new@person.example"


def test_bad_members_are_named_and_the_rest_goes_in(cast: Cast, write: Write) -> None:
    path = write(
        "members.csv",
        MEMBERS,
        ",No,Address,NOADDRESS",
        "not-an-address,A,B,CODE1",
        "one@person.example,One,Person,MARA15",
        "two@person.example,Two,Person,FINE",
        "TWO@person.example,Two,Again,OTHER",
    )

    message, err = failing(
        "import_members", path, "--brand", "juniper", "--offer", "Winter Glow creators"
    )

    assert message == "4 rows were refused; all others were imported"
    assert err.splitlines()[1:] == [
        "line 2: email: is missing: a member needs an address",
        "line 3: email: 'not-an-address' is not an email address",
        "line 4: promo_code: the code MARA15 belongs to someone else",
        "line 6: email: two@person.example is already on line 5",
    ]
    with acting_for(cast.juniper):
        assert not PromoCode.objects.filter(enrollment__member__email="one@person.example").exists()
        assert PromoCode.objects.filter(code="FINE").count() == 1


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("export_offer", "--brand", "no", "--offer", "x"), "brand: there is no brand 'no'"),
        (
            ("export_offer", "--brand", "juniper", "--offer", "Tide"),
            "offer: there is no offer 'Tide' in brand 'juniper'",
        ),
        (
            ("dashboard_link", "--brand", "juniper", "--offer", "Winter Glow creators",
             "--member", "nobody@x.example"),
            "member: 'nobody@x.example' is not in the offer 'Winter Glow creators'",
        ),
        (
            ("create_brand", "juniper", "--name", "J", "--currency", "GBP", "--timezone",
             "Europe/London", "--owner", "a@b.example"),
            "slug: there is a brand 'juniper' already",
        ),
        (
            ("create_brand", "new", "--name", "J", "--currency", "ABC", "--timezone",
             "Europe/London", "--owner", "a@b.example"),
            "currency: ABC is not a currency in use",
        ),
        (
            ("create_offer", "--brand", "juniper", "--name", "N", "--kind", "both", "--percent",
             "140", "--destination", "https://a.example/"),
            "percent: the rate must be between 0% and 100%",
        ),
        (
            ("create_offer", "--brand", "juniper", "--name", "N", "--kind", "both", "--percent",
             "10", "--destination", "ftp://a.example/"),
            "destination_url: The address must begin with http:// or https://.",
        ),
        (("create_api_key", "--brand", "nobody"), "brand: there is no brand 'nobody'"),
    ],
)  # fmt: skip
def test_a_command_names_what_is_wrong(command: tuple[str, ...], message: str) -> None:
    assert failing(*command)[0] == message


def test_a_dashboard_link_is_printed_alone(cast: Cast) -> None:
    out, _ = run(
        "dashboard_link", "--brand", "juniper", "--offer", "Winter Glow creators",
        "--member", "mara@lindqvist.example",
    )  # fmt: skip

    assert out.count("\n") == 1
    assert "/d/" in out
