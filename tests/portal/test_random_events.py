"""Thousands of things happen in an order nobody chose, and every page says the same of them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection
from django.test import Client

from core.money import Money
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import supersede_terms
from offers.structure import Customer, Rule, RuleKind, Tier
from offers.terms import TermsValues
from payouts.ledger import balances, due_entries
from payouts.services import PayoutError, adjust, record_payment
from tests.amounts import amount
from tests.api.shop import ORDERS, key_for
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tests.following import follow_links
from tests.portal.conftest import path_of
from tests.portal.shown import in_admin, in_export, in_portal, on_dashboard
from tracking.commissions.click_earnings import credit_clicks
from tracking.figures.creator_earnings import year_of, years_of
from tracking.models import ClickEarning, Conversion, TrackingLink
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.reconciliation.differences import differences

ROUNDS = amount(10, soak=50)  # of 200 events
ROUNDS_OF_TERMS = ROUNDS * 3 // 10
CODES = ("MARA15", "DIEGO10", "JUNE20")
STRUCTURES = (
    TermsValues(
        percent_bp=1_000,
        tiers=(Tier("Silver", 2_000_000, 1_200), Tier("Gold", 6_000_000, 1_500, 25)),
        per_click_minor=3,
    ),
    TermsValues(
        percent_bp=850,
        fixed_minor=40,
        approval="by_hand",
        hold_days=2,
        rules=(
            Rule(RuleKind.PRODUCT, "GLOW-2", 2_000),
            Rule(RuleKind.COLLECTION, "sale", 100),
            Rule(RuleKind.CUSTOMER, Customer.NEW.value, 900, 150),
            Rule(RuleKind.CODE, "JUNE20", 1_111),
        ),
    ),
    TermsValues(percent_bp=1_500, cap_minor=40_000, cap_period="day", per_click_minor=1),
)


@dataclass
class World:
    """Makes things happen, with numbers that are drawn once for ever."""

    random: Random = field(default_factory=lambda: Random(20261122))
    happened: Counter[str] = field(default_factory=Counter)
    round: int = 0

    @property
    def now(self) -> datetime:
        """Noon of another day each round."""
        return NOW + timedelta(days=self.round + 1)

    def orders_come(self, many: int) -> None:
        """Some of them for the second time, and some with a code that nobody has."""
        known = self.happened["orders"]
        numbers = [
            self.random.randrange(known) if known and self.random.random() < 0.05 else known + one
            for one in range(many)
        ]
        self.happened["orders"] = max(known, *(number + 1 for number in numbers))
        facts = [self.order(number) for number in dict.fromkeys(numbers)]
        record_orders(source="api", orders=facts, by=SYSTEM, now=self.now)

    def order(self, number: int) -> Any:
        """The same number is the same order."""
        chance = Random(number)
        lines = [
            {
                "sku": f"GLOW-{chance.randrange(4)}",
                "quantity": chance.randint(1, 3),
                "unit_price": f"{chance.randint(1, 9_999) / 100:.2f}",
                "collections": chance.choice([[], ["sale"], ["skin"]]),
            }
            for _ in range(chance.randint(1, 3))
        ]
        at = NOW + timedelta(days=number // 120, minutes=number % 1_200)
        return order(
            f"E{number}",
            promo_code=chance.choice([*CODES, *CODES, "NOBODY"]),
            customer_id=f"c-{chance.randrange(900)}",
            ordered_at=at.isoformat(),
            lines=lines,
        )

    def refunds_come(self, many: int) -> None:
        """Also for orders that are not there yet, and for more than was sold."""
        facts = []
        for _ in range(many):
            self.happened["refunds"] += 1
            number = self.random.randrange(self.happened["orders"] + 5)
            sku = self.random.choice(self.order(number).lines).sku
            amount = f"{self.random.randint(1, 6_000) / 100:.2f}"
            name = f"R{self.happened['refunds']}"
            facts.append(refund(name, f"E{number}", sku=sku, amount=amount))
        record_refunds(source="api", refunds=facts, by=SYSTEM, now=self.now)

    def staff_judge(self, many: int) -> None:
        ids = list(Conversion.objects.order_by("pk").values_list("pk", flat=True))
        for accepts in (True, False):
            chosen = self.random.sample(ids, min(len(ids), many // 2))
            if accepts:
                accept_conversions(conversion_ids=chosen, by=SYSTEM, now=self.now)
            else:
                reject_conversions(conversion_ids=chosen, reason="No", by=SYSTEM, now=self.now)

    def shoppers_click(self, many: int) -> None:
        """In three batches, of which each finds what the others have counted already."""
        slugs = list(TrackingLink.objects.order_by("pk").values_list("slug", flat=True))
        for _ in range(3):
            followed = self.random.choices(slugs, k=many // 3)
            follow_links(followed, user_agent="Mozilla/5.0 (iPhone)", now=self.now)
        credit_clicks(now=self.now)

    def money_moves(self, members: list[Enrollment]) -> None:
        """A bonus or correction, and a payment if anything is due."""
        one = self.random.choice(members)
        adjust(
            enrollment=one,
            currency="GBP",
            amount_minor=self.random.choice([-250, 300, 1_000]),
            note="Event",
            by=SYSTEM,
            now=self.now,
        )
        due = list(due_entries(member_id=one.member_id, currency="GBP", now=self.now))
        if sum(entry.amount_minor for entry in due) > 0:
            try:
                record_payment(
                    member=one.member,
                    currency="GBP",
                    entry_ids=[entry.pk for entry in due],
                    reference=f"P{self.round}",
                    by=SYSTEM,
                    now=self.now,
                )
            except PayoutError:
                self.happened["refused payments"] += 1


def happen(cast: Cast, members: list[Enrollment]) -> World:
    """120 orders, 40 refunds, 20 judgements, 18 clicks and 2 movements of money, ROUNDS times."""
    world = World()
    for world.round in range(ROUNDS):
        if world.round % 5 == 0:
            count_rows()
        if world.round % ROUNDS_OF_TERMS == 0:
            values = STRUCTURES[world.round // ROUNDS_OF_TERMS % len(STRUCTURES)]
            supersede_terms(
                offer=cast.glow, values=values, starts_at=world.now, by=SYSTEM, now=world.now
            )
        world.orders_come(120)
        world.refunds_come(40)
        world.staff_judge(20)
        world.shoppers_click(18)
        world.money_moves(members)
    return world


def count_rows() -> None:
    """Do what autovacuum does in earnest, which sees no row before its transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payouts_ledgerentry, tracking_conversion")


def test_every_face_says_the_same_of_thousands_of_events(
    cast: Cast, client: Client, time_machine: Any
) -> None:
    members = [cast.mara_in_glow, cast.diego_in_glow, cast.june_in_glow]
    with acting_for(cast.juniper):
        world = happen(cast, members)
        assert list(differences(cast.juniper)) == []
    cast.now = world.now
    time_machine.move_to(cast.now, tick=False)

    told = [on_dashboard(client, row) for row in members]

    for row, shown in zip(members, told, strict=True):
        assert in_admin(cast, row) == in_export(cast, row) == in_portal(cast, row) == shown
        assert of_conversions(client, row) == (shown.conversions, shown.sales)
    assert sum_of(shown.sales for shown in told) == whole(cast)["sales"]
    assert sum_of(shown.commission for shown in told) == whole(cast)["commission"]
    assert all(shown.conversions > 10 * ROUNDS for shown in told)
    assert all(shown.clicks > 2 * ROUNDS for shown in told)
    for row in members:
        assert sum_of_years(row, now=cast.now) == earned(row, now=cast.now)
    assert_the_api_agrees(cast)


def sum_of_years(enrollment: Enrollment, *, now: datetime) -> int:
    """What a creator earned in all their years, as the portal has it."""
    creator = enrollment.member.creator
    years = [year_of(creator, year) for year in years_of(creator, now=now)]
    return sum(one.earned.minor for year in years for one in year.currencies)


def earned(enrollment: Enrollment, *, now: datetime) -> int:
    """The same by the ledger, of which clicks are a part."""
    with acting_for(enrollment.brand_id):
        by_clicks = ClickEarning.objects.filter(enrollment=enrollment)
        assert sum(row.amount_minor for row in by_clicks) > 0
        return balances([enrollment.pk], now=now)[enrollment.pk].earned_minor


def of_conversions(client: Client, enrollment: Enrollment) -> tuple[int, str]:
    """How many accepted conversions the CSV of a dashboard lists, and what they sold."""
    rows = csv_of(client, f"{path_of(enrollment)}/conversions.csv")
    accepted = [row for row in rows if row["status"] == "accepted"]
    return len(accepted), sum_of(row["sale"] for row in accepted).plain()


def whole(cast: Cast) -> dict[str, Money]:
    """The line of the offer in the brand's own table."""
    staff = Client()
    staff.force_login(cast.vera)
    address = "/admin/juniper/reporting/sales-tracking/offers.csv?range=all"
    [row] = [row for row in csv_of(staff, address) if row["offer"] == cast.glow.name]
    return {name: Money.parse(row[name], "GBP") for name in ("sales", "commission")}


def assert_the_api_agrees(cast: Cast) -> None:
    """A few hundred orders as the shop can ask for them, against the brand's own list."""
    staff, shop = Client(), Client(headers={"authorization": f"Bearer {key_for(cast.juniper)}"})
    staff.force_login(cast.vera)
    found = [csv_of(staff, f"/admin/juniper/conversions/conversions.csv?q=E{n}") for n in (11, 42)]
    listed = [row for rows in found for row in rows]
    assert len(listed) > 50
    for row in listed:
        answer = shop.get(f"{ORDERS}/{row['order']}").json()
        assert answer["status"] == row["status"]
        earned = answer["commission"]
        assert (earned["sale"], earned["refunded"], earned["amount"]) == (
            row["sale"],
            row["refunds"],
            row["commission"],
        )


def csv_of(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, address
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(text.splitlines()))


def sum_of(amounts: Iterable[str]) -> Money:
    return sum((Money.parse(amount, "GBP") for amount in amounts), Money.zero("GBP"))
