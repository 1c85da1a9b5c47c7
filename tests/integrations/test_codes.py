"""An offer's codes here and in the shop: what is given or ended here is so there too."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import AuditEntry
from core.tenancy import acting_for
from integrations import comparing
from integrations.code_states import next_state
from integrations.codes import (
    CodesError,
    end_in_shop,
    give_to_member,
    keep_in_step,
    make_in_shop,
    stop_keeping,
)
from integrations.comparing import compare_codes, enqueue_due_comparisons
from integrations.models import CodeState, ComparedCode, Connection, OfferDiscount
from integrations.shop import ShopAwayError, ShopCode
from offers.models import OfferStatus
from offers.services import set_offer_status
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.deliveries import STORE, again
from tests.integrations.made_up_shop import Store, store_of
from tracking.links.items import ItemError
from tracking.links.membership import activate_member, deactivate_member
from tracking.links.promo_codes import give_codes
from tracking.models import PromoCode

pytestmark = pytest.mark.django_db
CODES = ["DIEGO10", "JUNE20", "MARA15"]


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def discount(connection: Connection, cast: Cast) -> OfferDiscount:
    return keep_in_step(connection=connection, offer=cast.glow, percent_bp=1500, by=SYSTEM, now=NOW)


@pytest.fixture
def store(discount: OfferDiscount) -> Store:
    """The shop, in which the codes are made."""
    compare(discount)
    return store_of(STORE)


def compare(discount: OfferDiscount, *, hours: int = 0) -> OfferDiscount:
    """Compare them some hours later; the discount as it is then."""
    now = NOW + timedelta(hours=hours)
    compare_codes(discount_id=discount.pk, now=now, clock=lambda: now)
    return OfferDiscount.objects.get(pk=discount.pk)


def states() -> dict[str, str]:
    return dict(ComparedCode.objects.values_list("code", "state"))


def active(store: Store, discount: OfferDiscount) -> list[str]:
    return sorted(one.code for one in store.codes.get(discount.name, {}).values() if one.is_active)


def code(text: str) -> ComparedCode:
    return ComparedCode.objects.get(code=text)


def test_members_codes_are_made_in_the_shop(discount: OfferDiscount, cast: Cast) -> None:
    compared = compare(discount)

    assert active(store_of(STORE), discount) == CODES
    assert states() == dict.fromkeys(CODES, "in_step")
    assert (compared.compared_at, compared.problem, compared.lease_token) == (NOW, "", None)
    assert code("MARA15").enrollment == cast.mara_in_glow
    assert code("MARA15").times_used == 0
    assert discount.name == f"Winter Glow creators, 15% ({cast.glow.pk})"


def test_a_slow_shop_keeps_no_worker_for_long(discount: OfferDiscount, store: Store) -> None:
    assert 0 < store.seconds_left <= comparing.CALL_SECONDS


def test_it_is_compared_when_it_is_due_and_then_changes_nothing(
    discount: OfferDiscount, store: Store
) -> None:
    assert not compare_codes(discount_id=discount.pk, now=NOW + timedelta(minutes=59))
    store.codes[discount.name]["MARA15"] = ShopCode("MARA15", True, "1", 7)

    compare(discount, hours=1)

    assert store.calls == [("make", CODES)]
    assert code("MARA15").times_used == 7


@pytest.mark.parametrize("odd", ["x" * 201, "x\x00", "x\ud800", ""])
def test_an_odd_code_of_the_shop_keeps_no_other_from_being_compared(
    odd: str, discount: OfferDiscount, store: Store
) -> None:
    codes = store.codes[discount.name]
    codes["odd"], codes["twin"] = ShopCode(odd, True, "8"), ShopCode(f"{odd}y", True, "9")
    codes["MARA15"] = ShopCode("MARA15", True, "1", 2**40)
    codes["JUNE20"] = ShopCode("JUNE20", True, "2", -1)

    compared = compare(discount, hours=1)

    assert compared.compared_at == NOW + timedelta(hours=1)
    assert {name: state for name, state in states().items() if name != "y"} == dict.fromkeys(
        CODES, "in_step"
    )
    assert (code("MARA15").times_used, code("JUNE20").times_used) == (2**31 - 1, 0)


def test_a_new_code_here_replaces_the_one_before_there(
    discount: OfferDiscount, store: Store, cast: Cast
) -> None:
    give_codes(
        codes={cast.mara_in_glow.pk: "MARA25"}, enrollments=[cast.mara_in_glow], by=SYSTEM, now=NOW
    )
    assert enqueue_due_comparisons(now=NOW + timedelta(minutes=1)) == [discount.pk]

    compare(discount, hours=1)

    assert active(store, discount) == ["DIEGO10", "JUNE20", "MARA25"]
    assert states() == dict.fromkeys(["DIEGO10", "JUNE20", "MARA25"], "in_step") | {
        "MARA15": "ended"
    }
    assert enqueue_due_comparisons(now=NOW + timedelta(minutes=90)) == []


def test_a_member_who_is_deactivated_and_comes_back(
    discount: OfferDiscount, store: Store, cast: Cast
) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    compare(discount, hours=1)
    assert active(store, discount) == ["DIEGO10", "JUNE20"]

    activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    compare(discount, hours=2)

    assert active(store, discount) == CODES
    assert code("MARA15").state == "in_step"


def test_the_codes_of_an_offer_that_is_paused_end(
    discount: OfferDiscount, store: Store, cast: Cast
) -> None:
    set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)
    assert enqueue_due_comparisons(now=NOW + timedelta(minutes=1)) == [discount.pk]

    compare(discount, hours=1)

    assert active(store, discount) == []


def test_what_was_removed_there_is_shown_and_made_again_when_staff_say_so(
    discount: OfferDiscount, store: Store
) -> None:
    del store.codes[discount.name]["MARA15"]
    compare(discount, hours=1)
    assert (code("MARA15").state, active(store, discount)) == ("missing", ["DIEGO10", "JUNE20"])
    assert code("MARA15").times_used == 0
    compare(discount, hours=2)
    assert code("MARA15").state == "missing"

    asked = make_in_shop(
        codes=[code("MARA15").pk, code("JUNE20").pk], discount=discount, by=SYSTEM, now=NOW
    )
    compare(discount, hours=3)

    assert asked == 1
    assert (code("MARA15").state, active(store, discount)) == ("in_step", CODES)
    assert AuditEntry.objects.get(action="codes.to_make").detail["codes"] == ["MARA15"]


def test_what_only_the_shop_knows_is_shown_and_ended_when_staff_say_so(
    discount: OfferDiscount, store: Store
) -> None:
    store.codes[discount.name]["VIP"] = ShopCode("VIP", True, "9", 3)
    compare(discount, hours=1)
    assert (code("VIP").state, code("VIP").times_used, code("VIP").enrollment) == (
        "unknown", 3, None,
    )  # fmt: skip

    assert end_in_shop(codes=[code("VIP").pk], discount=discount, by=SYSTEM, now=NOW) == 1
    compare(discount, hours=2)

    assert active(store, discount) == CODES
    assert sorted(states()) == CODES


def test_a_code_that_was_ended_and_came_back_is_shown(
    discount: OfferDiscount, store: Store, cast: Cast
) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    compare(discount, hours=1)
    there = store.codes[discount.name]
    there["MARA15"] = replace(there["MARA15"], is_active=True)

    compare(discount, hours=2)
    assert code("MARA15").state == "came_back"
    end_in_shop(codes=[code("MARA15").pk], discount=discount, by=SYSTEM, now=NOW)
    compare(discount, hours=3)

    assert (code("MARA15").state, active(store, discount)) == ("ended", ["DIEGO10", "JUNE20"])


def test_an_unknown_code_is_given_to_a_member(
    discount: OfferDiscount, store: Store, cast: Cast
) -> None:
    store.codes[discount.name]["vip"] = ShopCode("vip", True, "9", 3)
    compare(discount, hours=1)

    give_to_member(code=code("vip"), enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    ComparedCode.objects.filter(code="VIP").update(state="unknown", enrollment=None)
    give_to_member(code=code("VIP"), enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    compare(discount, hours=2)

    assert PromoCode.objects.in_use().get(enrollment=cast.mara_in_glow).code == "VIP"
    assert (code("VIP").state, code("VIP").enrollment) == ("in_step", cast.mara_in_glow)
    assert [code("MARA15").state, *active(store, discount)] == ["ended", "DIEGO10", "JUNE20", "vip"]


def test_a_code_that_breaks_our_rule_is_not_given(
    discount: OfferDiscount, store: Store, cast: Cast
) -> None:
    store.codes[discount.name]["(x)"] = ShopCode("(x)", True, "9", 0)
    compare(discount, hours=1)

    with pytest.raises(ItemError):
        give_to_member(code=code("(x)"), enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    with pytest.raises(CodesError):
        give_to_member(code=code("MARA15"), enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    assert code("(x)").state == "unknown"


def test_another_percentage_moves_the_codes(
    discount: OfferDiscount, store: Store, connection: Connection, cast: Cast
) -> None:
    more = keep_in_step(connection=connection, offer=cast.glow, percent_bp=2000, by=SYSTEM, now=NOW)
    compare(more)
    assert (active(store, discount), active(store, more)) == ([], CODES)

    back = keep_in_step(connection=connection, offer=cast.glow, percent_bp=1500, by=SYSTEM, now=NOW)
    compare(back)

    assert back.pk == discount.pk
    assert (active(store, discount), active(store, more)) == (CODES, [])
    assert ("percent_bp", 1500) in AuditEntry.objects.filter(action="codes.kept_in_step").latest(
        "pk"
    ).detail.items()


def test_stopping_ends_the_codes(discount: OfferDiscount, store: Store) -> None:
    store.codes[discount.name]["VIP"] = ShopCode("VIP", True, "9", 3)
    stop_keeping(discount=discount, by=SYSTEM, now=NOW)
    stop_keeping(discount=discount, by=SYSTEM, now=NOW)

    compare(discount)

    assert active(store, discount) == ["VIP"]  # which is none of ours
    assert AuditEntry.objects.filter(action="codes.not_kept_in_step").count() == 1


def test_a_shop_that_is_away_is_tried_again_with_growing_pauses(
    discount: OfferDiscount,
) -> None:
    store = store_of(STORE)
    store.failure = ShopAwayError("The shop does not answer.")

    first = compare(discount)
    assert (first.problem, first.tries) == ("The shop does not answer.", 1)
    assert first.compare_at == NOW + timedelta(minutes=1)
    second = compare(discount, hours=1)
    assert second.compare_at == NOW + timedelta(hours=1, minutes=5)
    store.failure = None
    third = compare(discount, hours=2)

    assert (third.problem, third.tries) == ("", 0)
    assert active(store, discount) == CODES


def test_a_shop_that_refuses_access_tells_its_connection(
    discount: OfferDiscount, connection: Connection
) -> None:
    store_of(STORE).token = "another"

    refused = compare(discount)

    assert refused.problem == "The shop refuses the token. Enter a new one."
    assert again(connection).state == "refused"


def test_a_code_that_another_discount_has_says_so_and_is_tried_again(
    discount: OfferDiscount,
) -> None:
    store = store_of(STORE)
    store.codes["Black Friday"] = {"MARA15": ShopCode("MARA15", True, "1", 0)}

    compare(discount)
    assert (code("MARA15").state, code("MARA15").problem) == (
        "to_make", "Another discount has MARA15.",
    )  # fmt: skip
    del store.codes["Black Friday"]
    compare(discount, hours=1)

    assert (code("MARA15").state, code("MARA15").problem) == ("in_step", "")


def test_many_codes_are_made_slice_by_slice(
    discount: OfferDiscount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "BATCH", 1)
    ticks = itertools.count(0, 40)

    compare_codes(
        discount_id=discount.pk, now=NOW, clock=lambda: NOW + timedelta(seconds=next(ticks))
    )

    row = OfferDiscount.objects.get(pk=discount.pk)
    assert sorted(states().values()) == ["in_step", "to_make", "to_make"]
    assert row.compare_at < NOW + timedelta(minutes=10)
    compare(row, hours=1)
    assert active(store_of(STORE), discount) == CODES


def test_what_staff_ask_for_while_it_is_compared_is_not_lost(
    discount: OfferDiscount, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    del store.codes[discount.name]["MARA15"]
    compare(discount, hours=1)
    later = NOW + timedelta(hours=2, minutes=5)
    read = comparing._read

    def read_and_be_asked(*args: Any, **kwargs: Any) -> Any:
        found = read(*args, **kwargs)
        make_in_shop(codes=[code("MARA15").pk], discount=discount, by=SYSTEM, now=later)
        return found

    monkeypatch.setattr(comparing, "_read", read_and_be_asked)
    compare_codes(discount_id=discount.pk, now=later + timedelta(seconds=1), clock=lambda: later)

    assert code("MARA15").state == "to_make"
    assert OfferDiscount.objects.get(pk=discount.pk).compare_at == later


def test_two_workers_do_not_compare_at_once(discount: OfferDiscount) -> None:
    OfferDiscount.objects.filter(pk=discount.pk).update(
        lease_token="00000000-0000-4000-8000-000000000000", lease_until=NOW + timedelta(minutes=1)
    )

    assert not compare_codes(discount_id=discount.pk, now=NOW)
    assert store_of(STORE).calls == []


def test_another_brand_sees_and_changes_nothing(discount: OfferDiscount, cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        assert not compare_codes(discount_id=discount.pk, now=NOW)
        assert not OfferDiscount.objects.exists()
        with pytest.raises(OfferDiscount.DoesNotExist):
            stop_keeping(discount=discount, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("before", "here", "there", "state"),
    [
        (None, True, False, "to_make"),
        (None, True, True, "in_step"),
        (None, False, True, "to_end"),
        (None, None, True, "unknown"),
        (None, None, False, None),
        ("in_step", True, False, "missing"),
        ("unknown", True, False, "missing"),
        ("ended", True, False, "to_make"),
        ("ended", False, True, "came_back"),
        ("came_back", False, False, "ended"),
        ("came_back", True, True, "in_step"),
        ("to_end", None, True, "to_end"),
        ("to_end", True, True, "in_step"),
        ("to_make", False, False, "ended"),
        ("unknown", None, False, None),
    ],
)
def test_how_a_code_stands(
    before: str | None, here: bool | None, there: bool, state: str | None
) -> None:
    was = CodeState(before) if before else None

    assert next_state(was, in_use_here=here, is_active_there=there) == state
