"""Every list and report page of the brand admin, for a small brand and a hundred times larger one,
and the pages of one member: the dashboard and the creator portal.

The ratio is the median of the large brand's answers over the small one's, requested alternately.
CPU is the median of what this process spent on an answer. A page of the large brand may not need
more queries than the small one's.
MEMBERS and CONVERSIONS make a run quick: `MEMBERS=200 CONVERSIONS=5000 python -m benchmarks pages`.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Staff, User
from accounts.proven_addresses import make_proven_user
from affiliates.models import Creator
from benchmarks.brand_with_members import BrandWithMembers, make_brand
from benchmarks.figures import show, timed
from benchmarks.sales_history import add_sales_history
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Enrollment

MEMBERS = int(os.environ.get("MEMBERS", "10000"))
CONVERSIONS = int(os.environ.get("CONVERSIONS", "1000000"))
# Enough that no page of the small brand is empty, which would need fewer queries.
FEW_MEMBERS, FEW_CONVERSIONS = max(MEMBERS // 100, 20), max(CONVERSIONS // 100, 1_000)
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
DASHBOARD_PAGES = {
    "dashboard": "",
    "dashboard, all time": "?range=all",
    "dashboard, links": "/links",
    "dashboard, questions": "/questions",
    "dashboard, why": "/why",
    "dashboard, QR code": "/qr",
}
PORTAL_PAGES = {
    "portal": "home",
    "portal, payout": "payout",
    "portal, emails": "emails",
    "portal, security": "security",
    "portal, data": "data",
}


@dataclass
class Visitor:
    """Somebody's browser, and how long the answers to it took."""

    client: Client = field(default_factory=Client)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu_seconds: dict[str, list[float]] = field(default_factory=dict)

    def open(self, address: str) -> None:
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    def measure(self, address: str) -> None:
        cpu = time.process_time()
        self.seconds.setdefault(address, []).append(timed(lambda: self.open(address)))
        self.cpu_seconds.setdefault(address, []).append(time.process_time() - cpu)

    def milliseconds(self, address: str) -> float:
        return statistics.median(self.seconds[address]) * 1_000

    def cpu_milliseconds(self, address: str) -> float:
        return statistics.median(self.cpu_seconds[address]) * 1_000

    def queries(self, address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.open(address)
        return len(captured)


@override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False)
def run() -> None:
    small = make_brand("hundred", members=FEW_MEMBERS, first_names=50)
    add_sales_history(small, members=FEW_MEMBERS, conversions=FEW_CONVERSIONS)
    large = make_brand("tenthousand", members=MEMBERS, first_names=50)
    add_sales_history(large, members=MEMBERS, conversions=CONVERSIONS)
    show(
        "members, conversions",
        f"{MEMBERS:,}, {CONVERSIONS:,} against {FEW_MEMBERS:,}, {FEW_CONVERSIONS:,}",
    )
    brands = _owner_of(small), _owner_of(large)
    too_slow = [
        name
        for name, page in PAGES.items()
        if not _compare(name, brands, (_address(small, page), _address(large, page)))
    ]
    show(f"pages above {MAX_RATIO}", ", ".join(too_slow) or "none")
    _ask_as_member(large)


def _owner_of(sample: BrandWithMembers) -> Visitor:
    visitor = Visitor()
    with acting_for(sample.brand):
        owner = Staff.objects.get().user_id
    visitor.client.force_login(User.objects.get(pk=owner))
    return visitor


def _address(sample: BrandWithMembers, page: str) -> str:
    name, mark, query = page.partition("?")
    about = [sample.offer.pk] if name == "offer_report" else []
    path = reverse(f"brand_admin:{name}", args=[sample.brand.slug, *about])
    return f"{path}{mark}{query}"


def _compare(name: str, visitors: tuple[Visitor, Visitor], addresses: tuple[str, str]) -> bool:
    """Print both times, their ratio and the CPU; return whether the ratio is within MAX_RATIO."""
    both = list(zip(visitors, addresses, strict=True))
    for visitor, address in both:
        visitor.open(address)
    for _ in range(MEASURED_ROUNDS):
        for visitor, address in both:
            visitor.measure(address)
    times = [visitor.milliseconds(address) for visitor, address in both]
    cpu = [visitor.cpu_milliseconds(address) for visitor, address in both]
    queries = [visitor.queries(address) for visitor, address in both]
    assert queries[1] <= min(queries[0], MAX_QUERIES_PER_PAGE), (name, queries)
    ratio = times[1] / times[0]
    show(
        name,
        f"{ratio:.2f}  ({times[0]:.0f} ms, {times[1]:.0f} ms; CPU {cpu[0]:.1f} ms, {cpu[1]:.1f} ms;"
        f" {queries[1]} queries)",
    )
    return ratio <= MAX_RATIO


def _ask_as_member(sample: BrandWithMembers) -> None:
    """Print what the pages of one member cost, who is a creator too."""
    with acting_for(sample.brand):
        enrollment = Enrollment.objects.select_related("member").order_by("pk")[0]
        member = enrollment.member
        user = make_proven_user(email=member.email, name="", password=None, now=timezone.now())
        member.creator = Creator.objects.create(email=member.email, user=user)
        member.save(update_fields=["creator"])
        dashboard = f"/d/{token_for(enrollment)}"
    visitor = Visitor()
    visitor.client.force_login(user)
    pages = {name: dashboard + path for name, path in DASHBOARD_PAGES.items()}
    pages |= {name: reverse(f"portal:{view}") for name, view in PORTAL_PAGES.items()}
    for name, address in pages.items():
        visitor.open(address)
        for _ in range(MEASURED_ROUNDS):
            visitor.measure(address)
        cpu, queries = visitor.cpu_milliseconds(address), visitor.queries(address)
        show(name, f"{visitor.milliseconds(address):.0f} ms; CPU {cpu:.1f} ms; {queries} queries")
