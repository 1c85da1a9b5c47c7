"""What the search box finds: members, codes, orders, offers, projects, payments and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Brand
from affiliates.selectors import members
from brand_admin.search.places import Place, places_meant, places_named
from core.money import Money
from core.templatetags.display import day, money
from core.text import search_words
from offers.selectors import offers, projects
from payouts.selectors import payouts
from tracking.figures.conversion_search import orders_numbered
from tracking.links.promo_codes import codes_beginning
from tracking.models import Conversion

EACH = 5  # results of a kind
MIN_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One result: where it leads, its name, and what tells it from others of that name."""

    href: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The first results of a kind; `more` is the address of the list with all, "" without more."""

    title: str
    results: Sequence[Result]
    more: str = ""


def find(search: str, *, brand: Brand, role: str) -> list[Group]:
    """Return the groups that have results, at most nine queries.

    Fewer than MIN_LETTERS letters find nothing, and no query is made.
    """
    wanted = " ".join(search_words(search))[:100]
    if len(wanted) < MIN_LETTERS:
        return []
    finder = _Finder(wanted, brand.slug)
    groups = [
        Group("Go to", finder.places(places_named(wanted, role=role))),
        *finder.groups(),
        Group("Pages about this", finder.places(places_meant(wanted, role=role))),
    ]
    return [group for group in groups if group.results]


@dataclass(frozen=True, slots=True)
class _Finder:
    """The things of one brand that match a search."""

    search: str
    slug: str

    def page(self, name: str, *about: Any, **query: str) -> str:
        address = reverse(f"brand_admin:{name}", args=[self.slug, *about])
        return f"{address}?{urlencode(query)}" if query else address

    def places(self, found: Sequence[Place]) -> list[Result]:
        return [Result(self.page(place.page), place.label) for place in found[:EACH]]

    def groups(self) -> Iterator[Group]:
        yield self.group("Members", members(search=self.search), self.member, list_page="members")
        yield self.group("Codes", codes_beginning(self.search), self.code)
        yield self.orders()
        yield self.group("Offers", offers(search=self.search), self.offer, list_page="offers")
        yield self.group(
            "Projects", projects(search=self.search), self.project, list_page="projects"
        )
        yield self.group(
            "Payments", payouts(search=self.search), self.payment, list_page="payments_sent"
        )

    def group(
        self,
        title: str,
        rows: QuerySet[Any],
        show: Callable[[Any], Result],
        *,
        list_page: str = "",
    ) -> Group:
        found = list(rows[: EACH + 1])
        more = self.page(list_page, q=self.search) if list_page and len(found) > EACH else ""
        return Group(title, [show(row) for row in found[:EACH]], more)

    def orders(self) -> Group:
        """Orders by number; one that nobody is credited for leads to the list of such orders."""
        rows = list(orders_numbered(self.search).order_by("-ordered_at", "-pk")[: EACH + 1])
        credited = dict(
            Conversion.objects.filter(order__in=[row.pk for row in rows]).values_list(
                "order_id", "pk"
            )
        )
        results = [
            Result(
                self.page("conversion", credited[row.pk])
                if row.pk in credited
                else self.page("unattributed", q=row.external_id),
                row.external_id,
                f"{money(Money(row.total_minor, row.currency))}, {day(row.ordered_at)}",
            )
            for row in rows[:EACH]
        ]
        more = self.page("conversions", q=self.search) if len(rows) > EACH else ""
        return Group("Orders", results, more)

    def member(self, row: Any) -> Result:
        return Result(self.page("member", row.pk), str(row), row.email)

    def code(self, row: Any) -> Result:
        enrollment = row.enrollment
        note = f"{enrollment.member}, {enrollment.offer.name}"
        note += "" if row.is_in_use else ", not in use"
        return Result(self.page("member", enrollment.member_id), row.code, note)

    def offer(self, row: Any) -> Result:
        return Result(self.page("offer_report", row.pk), row.name, row.get_status_display())

    def project(self, row: Any) -> Result:
        return Result(self.page("project", row.pk), row.name)

    def payment(self, row: Any) -> Result:
        amount = money(Money(row.amount_minor, row.currency))
        note = ", ".join(
            filter(None, [row.get_state_display(), day(row.created_at), row.reference])
        )
        return Result(self.page("payment", row.pk), f"{amount} to {row.member}", note)
