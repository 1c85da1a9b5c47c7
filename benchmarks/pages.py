"""Every list and report page of the brand admin, for a small brand and a hundred times larger one.

The ratio is the median of the large brand's answers over the small one's, requested alternately.
The number of queries is the same for both.
"""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import Staff, User
from benchmarks.brand_with_members import BrandWithMembers, make_brand
from benchmarks.figures import show, timed
from benchmarks.sales_history import add_sales_history
from core.tenancy import acting_for

MEMBERS = int(os.environ.get("MEMBERS", "10000"))
CONVERSIONS = int(os.environ.get("CONVERSIONS", "1000000"))
SMALL_BRAND_DIVISOR = 100
MEASURED_ROUNDS = 9
MAX_RATIO, MAX_QUERIES_PER_PAGE = 1.5, 40
# The most expensive six months: they begin and end in the middle of a month, and are over.
LAST_DAY = (date.today().replace(day=1) - timedelta(days=1)).replace(day=15)  # noqa: DTZ011
FIRST_DAY = (LAST_DAY.replace(day=1) - timedelta(days=150)).replace(day=16)
BETWEEN_DAYS = f"range=custom&first={FIRST_DAY}&last={LAST_DAY}"
PAGES = {
    "home": "home",
    "members": "members",
    "members, searched": "members?q=m7@",
    "projects": "projects",
    "offers": "offers",
    "Sales Tracking": "reporting",
    "Sales Tracking, all time": "reporting?range=all",
    "an offer": "offer_report",
    "an offer, by sales": "offer_report?sort=-sales",
    "an offer, by sales, between days": f"offer_report?sort=-sales&{BETWEEN_DAYS}",
    "an offer, page 2": "offer_report?page=2",
    "conversions": "conversions",
    "conversions, page 50": "conversions?page=50",
    "conversions, pending": "conversions?status=pending",
    "conversions, by sale": "conversions?sort=-sale",
    "conversions of a code": "conversions?evidence=code",
    "conversions, searched": "conversions?q=m7@",
    "payments due": "payments",
    "payments sent": "payments_sent",
    "payout runs": "payment_runs",
    "emails": "emails",
    "audit log": "settings_audit",
}


@dataclass
class Visitor:
    """The owner of one brand, and how long each page took them."""

    sample: BrandWithMembers
    client: Client = field(default_factory=Client)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with acting_for(self.sample.brand):
            owner = Staff.objects.get().user_id
        self.client.force_login(User.objects.get(pk=owner))

    def address(self, page: str) -> str:
        name, mark, query = page.partition("?")
        about = [self.sample.offer.pk] if name == "offer_report" else []
        path = reverse(f"brand_admin:{name}", args=[self.sample.brand.slug, *about])
        return f"{path}{mark}{query}"

    def open(self, page: str) -> None:
        answer = self.client.get(self.address(page))
        assert answer.status_code == 200, (page, answer.status_code)

    def measure(self, page: str) -> None:
        self.seconds.setdefault(page, []).append(timed(lambda: self.open(page)))

    def queries(self, page: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.open(page)
        return len(captured)


@override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False)
def run() -> None:
    small = make_brand("hundred", members=MEMBERS // SMALL_BRAND_DIVISOR, first_names=50)
    add_sales_history(
        small,
        members=MEMBERS // SMALL_BRAND_DIVISOR,
        conversions=CONVERSIONS // SMALL_BRAND_DIVISOR,
    )
    large = make_brand("tenthousand", members=MEMBERS, first_names=50)
    add_sales_history(large, members=MEMBERS, conversions=CONVERSIONS)
    show("members, conversions", f"{MEMBERS:,}, {CONVERSIONS:,} against a hundredth of each")
    visitors = Visitor(small), Visitor(large)
    too_slow = [name for name, page in PAGES.items() if not _compare(name, page, *visitors)]
    show(f"pages above {MAX_RATIO}", ", ".join(too_slow) or "none")


def _compare(name: str, page: str, small: Visitor, large: Visitor) -> bool:
    """Print both times and their ratio; return whether the ratio is within MAX_RATIO."""
    for visitor in (small, large):
        visitor.open(page)
    for _ in range(MEASURED_ROUNDS):
        small.measure(page)
        large.measure(page)
    times = [statistics.median(visitor.seconds[page]) * 1_000 for visitor in (small, large)]
    queries = [visitor.queries(page) for visitor in (small, large)]
    assert queries[0] == queries[1] <= MAX_QUERIES_PER_PAGE, (name, queries)
    ratio = times[1] / times[0]
    show(name, f"{ratio:.2f}  ({times[0]:.0f} ms, {times[1]:.0f} ms, {queries[1]} queries)")
    return ratio <= MAX_RATIO
