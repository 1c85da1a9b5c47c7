"""The lists of payments and payout runs: searched, filtered, sorted, and exported as they stand."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client

from accounts.actors import Actor
from core.tenancy import acting_for
from payouts.models import Payout, PayoutRun, PayoutState
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust, return_payment
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def vera(cast: Cast) -> Client:
    """The browser of somebody who only reads."""
    return desk_of(cast.vera)


def drafted(
    cast: Cast, *, days_ago: int = 0, who: str = "Theo", minimum_minor: int = 0
) -> PayoutRun:
    with acting_for(cast.juniper):
        return draft_run(
            currency="GBP",
            member_ids=None,
            minimum_minor=minimum_minor,
            confirmation=uuid.uuid4(),
            by=Actor.system(who),
            now=NOW - timedelta(days=days_ago),
        )


@pytest.fixture
def three(cast: Cast) -> list[PayoutRun]:
    """Theo's draft of three days ago, Ines' of two days ago, and one that Ines confirmed today:
    it pays Diego £20.00 and Mara £8.42.
    """
    sell(cast, days_ago=5)
    sell(cast, "1002", days_ago=5, promo_code="DIEGO10", amount="200.00")
    runs = [
        drafted(cast, days_ago=3),
        drafted(cast, days_ago=2, who="Ines", minimum_minor=1_000),
        drafted(cast, who="Ines"),
    ]
    with acting_for(cast.juniper):
        confirm_run(run=runs[2], by=Actor.system("Theo"), now=NOW)
        PayoutRun.objects.filter(pk=runs[2].pk).update(reference="BACS 3307")
    return runs


def came_back(cast: Cast, run: PayoutRun) -> Payout:
    """Mara's payment of the run failed."""
    with acting_for(cast.juniper):
        payout = Payout.objects.get(run=run, member=cast.mara)
        return return_payment(
            payout=payout, state=PayoutState.FAILED, reason="Account closed", by=SYSTEM, now=NOW
        )


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("", [2, 1, 0]),
        ("?q=theo", [2, 0]),
        ("?q=ines+bacs", [2]),
        ("?q=nobody", []),
        ("?state=draft", [1, 0]),
        ("?state=processing", [2]),
        ("?state=nonsense", [2, 1, 0]),
        ("?first=2026-11-18", [2, 1]),
        ("?first=2026-11-18&last=2026-11-18", [1]),
        ("?last=2026-11-17", [0]),
        ("?last=9999-12-31", [2, 1, 0]),
        ("?first=yesterday", [2, 1, 0]),
        ("?sort=drafted", [0, 1, 2]),
        ("?sort=-payments", [2, 0, 1]),
        ("?sort=amount&state=draft", [1, 0]),
        ("?sort=nonsense", [2, 1, 0]),
    ],
)
def test_runs_are_listed_and_exported_as_the_address_asks(
    cast: Cast, vera: Client, three: list[PayoutRun], query: str, which: list[int]
) -> None:
    wanted = [str(three[number].pk) for number in which]

    listed = vera.get(at(cast.juniper, "payment_runs") + query).context["page"]
    lines = csv_of(vera.get(at(cast.juniper, "payment_runs_csv") + query))

    assert [str(run.pk) for run in listed] == wanted
    assert [line[0] for line in lines[1:]] == wanted


def test_a_line_of_the_export_says_everything_of_a_run(
    cast: Cast, vera: Client, three: list[PayoutRun]
) -> None:
    header, line = csv_of(vera.get(at(cast.juniper, "payment_runs_csv") + "?state=processing"))

    assert dict(zip(header, line, strict=True)) == {
        "run": str(three[2].pk),
        "drafted": "2026-11-20T12:00:00+00:00",
        "drafted_by": "Ines",
        "state": "processing",
        "payments": "2",
        "amount": "28.42",
        "currency": "GBP",
        "minimum": "0.00",
        "reference": "BACS 3307",
        "reason": "",
        "confirmed": "2026-11-20T12:00:00+00:00",
        "confirmed_by": "Theo",
        "settled": "",
    }


def test_where_no_run_matches_the_way_back_is_shown(
    cast: Cast, vera: Client, three: list[PayoutRun]
) -> None:
    page = shown(vera.get(at(cast.juniper, "payment_runs") + "?q=nobody"))

    assert "No run matches" in page
    assert "Clear filters" in page


def test_the_list_of_runs_takes_the_same_queries_for_one_and_for_three(
    cast: Cast, vera: Client
) -> None:
    sell(cast, days_ago=5)
    drafted(cast)
    one = queries_of(vera, at(cast.juniper, "payment_runs"))
    drafted(cast)
    drafted(cast)

    assert (one, queries_of(vera, at(cast.juniper, "payment_runs"))) == (6, 6)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Diego", "Mara"]),
        ("?q=lind", ["Mara"]),
        ("?state=failed", ["Mara"]),
        ("?state=processing", ["Diego"]),
        ("?state=nonsense", ["Diego", "Mara"]),
        ("?sort=amount", ["Mara", "Diego"]),
        ("?sort=-name", ["Mara", "Diego"]),
        ("?show=left_out", []),
    ],
)
def test_members_of_a_run_are_listed_and_exported_as_the_address_asks(
    cast: Cast, vera: Client, three: list[PayoutRun], query: str, names: list[str]
) -> None:
    came_back(cast, three[2])

    page = vera.get(at(cast.juniper, "payment_run", run_id=three[2].pk) + query)
    lines = csv_of(vera.get(at(cast.juniper, "payment_run_members", run_id=three[2].pk) + query))

    assert [row.line.member.first_name for row in page.context["rows"]] == names
    assert [line[0].split()[0] for line in lines[1:]] == names


def test_the_export_of_a_run_says_what_became_of_each_payment_and_no_account(
    cast: Cast, vera: Client, three: list[PayoutRun]
) -> None:
    payout = came_back(cast, three[2])

    address = at(cast.juniper, "payment_run_members", run_id=three[2].pk)
    lines = csv_of(vera.get(f"{address}?q=mara"))

    assert lines == [
        ["member", "email", "amount", "currency", "payment", "state", "reference", "reason"],
        [
            "Mara Lindqvist", "mara@lindqvist.example", "8.42", "GBP", str(payout.pk), "failed",
            "", "Account closed",
        ],
    ]  # fmt: skip


def test_those_left_out_of_a_draft_are_exported_without_a_payment(
    cast: Cast, vera: Client, three: list[PayoutRun]
) -> None:
    address = at(cast.juniper, "payment_run_members", run_id=three[1].pk)

    lines = csv_of(vera.get(f"{address}?show=left_out"))

    assert lines[1:] == [
        ["Mara Lindqvist", "mara@lindqvist.example", "8.42", "GBP", "", "", "", ""]
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Diego", "Mara"]),
        ("?sort=date", ["Mara", "Diego"]),
        ("?sort=member", ["Diego", "Mara"]),
        ("?sort=amount", ["Mara", "Diego"]),
        ("?q=lind", ["Mara"]),
        ("?state=failed", ["Mara"]),
        ("?first=2026-11-20", ["Diego", "Mara"]),
        ("?first=2026-11-21", []),
        ("?last=2026-11-19", []),
    ],
)
def test_payments_are_listed_and_exported_as_the_address_asks(
    cast: Cast, vera: Client, three: list[PayoutRun], query: str, names: list[str]
) -> None:
    came_back(cast, three[2])
    with acting_for(cast.juniper):  # Diego's is the later of the two
        Payout.objects.filter(member=cast.diego).update(created_at=NOW + timedelta(minutes=1))

    listed = vera.get(at(cast.juniper, "payments_sent") + query).context["page"]
    lines = csv_of(vera.get(at(cast.juniper, "payments_csv") + query))

    assert [row.member.first_name for row in listed] == names
    assert [line[2].split()[0] for line in lines[1:]] == names


def test_payments_to_one_member_are_listed_for_themselves(
    cast: Cast, vera: Client, three: list[PayoutRun]
) -> None:
    address = f"{at(cast.juniper, 'payments_sent')}?member={cast.mara.pk}"

    page = shown(vera.get(address))

    assert "Only payments to <b>Mara Lindqvist</b>" in page
    assert "£8.42" in page
    assert "£20.00" not in page


@pytest.mark.parametrize("name", ["payment_runs_csv", "payments_csv"])
def test_another_brands_lists_hold_nothing_of_it(
    cast: Cast, three: list[PayoutRun], name: str
) -> None:
    otto = desk_of(cast.otto)

    assert len(csv_of(otto.get(at(cast.saltmarsh, name)))) == 1
    assert otto.get(at(cast.juniper, name)).status_code == 404


def test_a_run_of_another_brand_is_not_exported(cast: Cast, three: list[PayoutRun]) -> None:
    theirs = at(cast.saltmarsh, "payment_run_members", run_id=three[2].pk)

    assert desk_of(cast.otto).get(theirs).status_code == 404


@pytest.fixture
def owed(cast: Cast) -> None:
    """Mara is due £8.42 and $3.00, Diego £20.00."""
    sell(cast, days_ago=5)
    sell(cast, "1002", days_ago=5, promo_code="DIEGO10", amount="200.00")
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow, currency="USD", amount_minor=300, note="Video",
            by=SYSTEM, now=NOW,
        )  # fmt: skip


@pytest.mark.usefixtures("owed")
@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", [("Diego", "20.00"), ("Mara", "8.42"), ("Mara", "3.00")]),
        ("?sort=due", [("Mara", "8.42"), ("Diego", "20.00"), ("Mara", "3.00")]),
        ("?sort=-due", [("Diego", "20.00"), ("Mara", "8.42"), ("Mara", "3.00")]),
        ("?currency=USD", [("Mara", "3.00")]),
        ("?currency=GBP&sort=due", [("Mara", "8.42"), ("Diego", "20.00")]),
        ("?currency=GBP&q=mara", [("Mara", "8.42")]),
        ("?currency=JPY", []),
        ("?currency=nonsense", [("Diego", "20.00"), ("Mara", "8.42"), ("Mara", "3.00")]),
    ],
)
def test_what_is_due_is_listed_and_exported_as_the_address_asks(
    cast: Cast, vera: Client, query: str, rows: list[tuple[str, str]]
) -> None:
    page = vera.get(at(cast.juniper, "payments") + query)

    listed = [(row.member.first_name, row.amount.plain()) for row in page.context["due"]]
    lines = csv_of(vera.get(page.context["listing"].export_href))[1:]
    assert listed == rows
    assert [(line[0].split()[0], line[2]) for line in lines] == rows
    assert [str(total.currency) for total in page.context["totals"]] == ["GBP", "USD"]
