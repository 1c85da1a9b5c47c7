"""What shops really send is read; only what cannot be read is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.tenancy import acting_for
from offers.services import supersede_terms
from offers.structure import Rule, RuleKind
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, order, raw_order, raw_refund
from tracking.links.membership import deactivate_member
from tracking.models import Conversion, Order
from tracking.orders.facts import LineFacts
from tracking.orders.reading import InputError, read_order, read_refund
from tracking.orders.recording import record_order
from tracking.orders.results import RecordingStatus


def line(**changes: Any) -> LineFacts:
    sent = {"sku": "GLOW", "quantity": 1, "unit_price": "10.00"} | changes
    return read_order(raw_order(lines=[sent])).lines[0]


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_500, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        ("2026-11-20 09:50:26 +0000", datetime(2026, 11, 20, 9, 50, 26, tzinfo=UTC)),
        ("2026-11-20 09:50:26 +0100", datetime(2026, 11, 20, 8, 50, 26, tzinfo=UTC)),
        ("2026-11-20 09:50:26 UTC", datetime(2026, 11, 20, 9, 50, 26, tzinfo=UTC)),
    ],
)
def test_times(sent: object, moment: datetime) -> None:
    assert read_order(raw_order(ordered_at=sent)).ordered_at == moment


@pytest.mark.parametrize("name", ["line_id", "sku"])
@pytest.mark.parametrize("sent", ["GLOW 1", "GLOW\n1", "GLOW\r\n1", "\tGLOW\x001\n", "GLOW\x851"])
def test_a_lines_name_is_of_one_line(name: str, sent: str) -> None:
    assert getattr(line(**{name: sent}), name) == "GLOW 1"


@pytest.mark.parametrize("sent", [44_927, "44927", "20.11.2026", "2026-11-20 09:50:26", 1.5, -1])
def test_what_is_no_time(sent: object) -> None:
    with pytest.raises(InputError):
        read_order(raw_order(ordered_at=sent))


def test_a_currency_in_small_letters() -> None:
    assert read_order(raw_order(currency="gbp")).currency == "GBP"


@pytest.mark.parametrize("name", ["cancelled_at", "updated_at"])
@pytest.mark.parametrize("blank", ["", " ", "\t", None])
def test_a_time_that_is_blank_is_left_out(name: str, blank: object) -> None:
    assert getattr(read_order(raw_order(**{name: blank})), name) is None


@pytest.mark.parametrize("blank", ["", " ", "\n", None])
def test_a_refund_with_a_blank_line_is_of_the_whole_order(blank: object) -> None:
    found = read_refund(raw_refund(sku=blank, line_id=blank, amount="5"))

    assert (found.parts, found.amount_minor) == ((), 500)


@pytest.mark.parametrize("nobody", [0, "0", "", None, " "])
def test_a_guest_is_nobody(nobody: object) -> None:
    assert read_order(raw_order(customer_id=nobody)).customer_ref == ""


@pytest.mark.parametrize("sent", ["2.0", "2.", "2", 2, "2.000"])
def test_a_whole_quantity_however_it_is_written(sent: object) -> None:
    assert line(quantity=sent).quantity == 2


@pytest.mark.parametrize(
    ("price", "quantity", "discount", "net"),
    [
        ("0.30000000000000004", 1, "0", 30),
        ("19.98999999999999843680598132777959", 1, "0", 1999),
        ("0.333333333333333333333333333333", 3, "0", 100),
        ("1.005", 1, "0", 101),
        ("1.00499999999999999999999999999999999", 1, "0", 100),
        ("10.00", 3, "0.30000000000000004", 2970),
        # A little less than a half: with 28 digits it would be rounded up.
        ("12345.67499999999999999999999999999999", 1, "0", 1_234_567),
        ("0.004999999999999999999999999999999999", 2_147_483_647, "0", 1_073_741_823),
    ],
)
def test_float_tails_are_rounded_once_and_exactly(
    price: str, quantity: int, discount: str, net: int
) -> None:
    assert line(unit_price=price, quantity=quantity, discount=discount).net_minor == net


@pytest.mark.parametrize("field", ["promo_code", "click_id"])
@pytest.mark.parametrize("text", ["MARA15\0", "MARA15" + " " * 300 + "x", "x" * 5_000, "\ud800"])
def test_evidence_that_cannot_be_stored_is_unknown(at_juniper: Cast, field: str, text: str) -> None:
    facts = order("1001", **{"promo_code": "", field: text})

    outcome = record_order(source="api", order=facts, by=SYSTEM, now=NOW)

    assert outcome.status == RecordingStatus.UNATTRIBUTED
    assert [problem.code for problem in outcome.problems] == [
        "unknown_code" if field == "promo_code" else "unknown_click"
    ]
    assert Order.objects.get().external_id == "1001"


@pytest.mark.parametrize(
    "typed", ["mara15 ", "MARA 15", "\uff2d\uff21\uff32\uff2115", "ma\u200bra15"]
)
def test_a_code_however_it_was_typed(at_juniper: Cast, typed: str) -> None:
    outcome = record_order(source="api", order=order("1001", promo_code=typed), by=SYSTEM, now=NOW)

    assert outcome.status == RecordingStatus.RECORDED


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        ({"promo_codes": ["WELCOME10", "mara15"]}, ("WELCOME10", "mara15")),
        ({"promo_code": "WELCOME10, mara15"}, ("WELCOME10", "mara15")),
        ({"promo_code": "WELCOME10;mara15"}, ("WELCOME10", "mara15")),
        ({"promo_code": "WELCOME10 | mara15|"}, ("WELCOME10", "mara15")),
        ({"promo_codes": ["A1", "B2"], "promo_code": "B2\nC3"}, ("A1", "B2", "C3")),
        ({"promo_codes": [15, "MARA 15"]}, ("15", "MARA 15")),
        ({"promo_code": '"WELCOME10","mara15"'}, ("WELCOME10", "mara15")),
        ({"promo_code": "WELCOME10\uff0cmara15\u3001“B2”"}, ("WELCOME10", "mara15", "B2")),
        ({"promo_codes": [], "promo_code": ""}, ()),
        ({"promo_codes": None, "promo_code": None}, ()),
    ],
)
def test_an_order_may_have_several_codes(sent: dict[str, Any], codes: tuple[str, ...]) -> None:
    assert read_order(raw_order(**{"promo_code": None} | sent)).promo_codes == codes


def test_the_first_code_that_belongs_to_an_active_member_counts(at_juniper: Cast) -> None:
    deactivate_member(enrollment=at_juniper.diego_in_glow, by=SYSTEM, now=NOW - timedelta(days=1))
    facts = order("1001", promo_code="WELCOME10, diego10, mara 15, JUNE20")
    outcome = record_order(source="api", order=facts, by=SYSTEM, now=NOW)

    conversion = Conversion.objects.get()
    assert outcome.conversion_id == conversion.pk
    assert conversion.enrollment_id == at_juniper.mara_in_glow.pk
    assert conversion.promo_code == "MARA15"
    assert conversion.why == "the order brought the code MARA15"
    assert Order.objects.get().promo_codes == ["WELCOME10", "diego10", "mara 15", "JUNE20"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("NOBODY1", "no member has the code NOBODY1"),
        ("NOBODY1,NOBODY2", "no member has one of the codes NOBODY1, NOBODY2"),
        ("NOBODY1,DIEGO10", "the code DIEGO10 was not active at that time"),
    ],
)
def test_why_no_code_counts(at_juniper: Cast, sent: str, said: str) -> None:
    deactivate_member(enrollment=at_juniper.diego_in_glow, by=SYSTEM, now=NOW - timedelta(days=1))

    outcome = record_order(source="api", order=order("1001", promo_code=sent), by=SYSTEM, now=NOW)

    assert [problem.message for problem in outcome.problems] == [said]


def test_one_code_and_a_list_of_one_are_the_same_order() -> None:
    one, listed = (
        read_order(raw_order("1001", **{"promo_code": None} | sent)).digest()
        for sent in ({"promo_code": "MARA15"}, {"promo_codes": ["MARA15"]})
    )

    assert one == listed


@pytest.mark.parametrize("field", ["sku", "line_id"])
def test_a_lines_name_of_any_length_is_kept_and_stays_apart_from_others(field: str) -> None:
    """A product's whole title stands for its SKU in some shops."""
    long, other = "GLOW " * 60, "GLOW " * 60 + "2"
    kept = [getattr(line(**{field: text}), field) for text in (long, long, other)]

    assert kept[0] == kept[1] != kept[2]
    assert {len(text) for text in kept} == {120}
    assert "…" in kept[0]


@pytest.mark.parametrize("sent", ["ada\x00", "a" * 500, "ada\n", "\ud800ada"])
def test_a_customers_id_refuses_no_order(at_juniper: Cast, sent: str) -> None:
    facts = read_order(raw_order("1001", customer_id=sent))
    record_order(source="api", order=facts, by=SYSTEM, now=NOW)

    assert Order.objects.get().customer_ref == facts.customer_ref != ""


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["b", " a ", "b", ""], ("a", "b")),
        ([841, 7], ("7", "841")),
        (841, ("841",)),
        ("Skin care", ("Skin care",)),
        (["x\x00y"], ("x y",)),
    ],
)
def test_collections(sent: object, kept: tuple[str, ...]) -> None:
    assert line(collections=sent).collections == kept


def test_a_product_in_many_collections_is_read() -> None:
    names = [f"{number:04}" for number in range(300)]

    assert line(collections=names).collections == tuple(names)
    assert len(line(collections=["c" * 400, "c" * 401]).collections) == 2


@pytest.mark.parametrize("number", ["#7001\x00", "7" * 300])
def test_a_shown_number_refuses_no_order(number: str) -> None:
    assert read_order(raw_order(number=number)).number.startswith(number[:5])


def test_a_line_without_sku_is_not_the_product_that_has_its_id_as_sku(cast: Cast) -> None:
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(percent_bp=1_000, rules=(Rule(RuleKind.PRODUCT, "1", 5_000),)),
            starts_at=NOW + timedelta(minutes=1),
            by=SYSTEM,
            now=NOW,
        )
        sent = [
            {"product": "Gift", "quantity": 1, "unit_price": "100"},  # its id is its place: 1
            {"sku": "1", "quantity": 1, "unit_price": "10"},
        ]
        ordered_at = (NOW + timedelta(minutes=5)).isoformat()
        facts = read_order(raw_order(lines=sent, ordered_at=ordered_at))
        record_order(source="api", order=facts, by=SYSTEM, now=NOW + timedelta(hours=1))

        assert Conversion.objects.get().commission_minor == 1_000 + 500
