"""What every page of the brand admin does alike: render in the frame, page a list, stream CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Role
from accounts.permissions import Permission, may
from accounts.selectors import brands_of
from brand_admin.access import BrandRequest
from core.csv_export import csv_lines
from core.tenancy import acting_for
from tracking.figures.metrics import today
from tracking.figures.periods import BRAND_CHOICES, ChosenPeriod, choose

PER_PAGE = 50
LONGEST_ID = 18  # digits: any such number is one that PostgreSQL can hold as an id
MOST_COUNTED = 10_000  # rows of a long list: who turns more pages than these hold?
SECTIONS = {  # what the navigation calls them; a phone shows the current one in its bar
    "home": "Home",
    "members": "Members",
    "projects": "Projects",
    "offers": "Offers",
    "sales_tracking": "Sales Tracking",
    "conversions": "Conversions",
    "payments": "Payments",
    "emails": "Emails",
    "settings": "Settings",
    "work": "Background work",
}


class Asking(Protocol):
    """A request, or an export that a worker makes: what the filters of a list are read from."""

    @property
    def GET(self) -> QueryDict: ...  # noqa: N802


M = TypeVar("M", bound=Model)


class LongPaginator(Paginator):
    """Counts no further than MOST_COUNTED; `goes_on` says whether there are more."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_COUNTED)

    @property
    def goes_on(self) -> bool:
        return "_counted" in vars(self) and self._counted > MOST_COUNTED

    @cached_property
    def _counted(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: MOST_COUNTED + 1].count()


def render_page(
    request: BrandRequest, template: str, *, section: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page in the brand's frame. Adds `may_manage`, `may_pay` and `may_administer`."""
    frame = {
        "section": section,
        "section_name": SECTIONS[section],
        "brand": request.brand,
        "accent": request.brand.accent,
        "role_name": Role(request.role).label,
        "switchable_brands": [entry.brand for entry in brands_of(request.user)],
        "may_manage": may(request.role, Permission.MANAGE),
        "may_pay": may(request.role, Permission.PAY),
        "may_administer": may(request.role, Permission.ADMINISTER),
    }
    return render(request, template, frame | context, status=status)


def paginate(
    request: BrandRequest,
    rows: QuerySet[M],
    *,
    per_page: int = PER_PAGE,
    known_count: int | None = None,
    is_long: bool = False,
) -> Page[M]:
    """The page that ?page= asks for; the nearest one for anything odd.

    Nobody counts a million rows: `known_count` says how many there are where that is kept, and a
    list that `is_long` ends at MOST_COUNTED, says that it goes on, and is narrowed or exported.
    """
    paginator = LongPaginator(rows, per_page) if is_long else Paginator(rows, per_page)
    if known_count is not None:
        paginator.count = known_count
    return paginator.get_page(request.GET.get("page"))


def in_order(
    request: Asking, rows: QuerySet[M], orders: Mapping[str, Sequence[str]], *, default: str
) -> QuerySet[M]:
    """The rows in the order of ?sort=: a key of `orders`, a minus before it turns it round.

    `orders` gives each key's columns, the last one unique; `default` stands for anything unknown.
    """
    wanted = request.GET.get("sort", default)
    if wanted.removeprefix("-") not in orders:
        wanted = default
    columns = orders[wanted.removeprefix("-")]
    if not wanted.startswith("-"):
        return rows.order_by(*columns)
    return rows.order_by(*(name[1:] if name.startswith("-") else f"-{name}" for name in columns))


def searched(request: Asking) -> str:
    """What ?q= searches for, without what PostgreSQL can't hold."""
    return request.GET.get("q", "").replace("\0", "").strip()


def export_url(request: BrandRequest, view: str, *args: object, **more: object) -> str:
    """The address of the export of exactly what this list shows, all pages of it.

    `more` is what the list knows of itself and its address does not say: whose it is.
    """
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in more.items():
        query[name] = str(value)
    address = reverse(view, args=[request.brand.slug, *args])
    return f"{address}?{query.urlencode()}" if query else address


def kept(request: BrandRequest, *names: str) -> list[tuple[str, str]]:
    """What the address says under these names, for the hidden fields of a form that changes it."""
    return [(name, value) for name in names for value in request.GET.getlist(name)]


def chosen_period(request: Asking) -> ChosenPeriod:
    """The range of days in the address; six months unless it says otherwise."""
    asked = {name: str(value) for name, value in request.GET.items()}
    return choose(asked, choices=BRAND_CHOICES, default="6m", today=today())


def csv_response(
    request: BrandRequest, filename: str, rows: Iterable[Iterable[str]]
) -> StreamingHttpResponse:
    """Stream rows as CSV, acting for the brand in its time zone until the last line is out."""
    brand = request.brand

    def lines() -> Iterator[str]:
        with acting_for(brand), timezone.override(brand.zone):
            yield from csv_lines(rows)

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def id_in(text: str) -> int | None:
    """The id that an address or a form names; None for what can't be one, whatever its length."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def selected_ids(request: BrandRequest) -> list[int]:
    """The ids among the ticked boxes; anything else is ignored."""
    found = map(id_in, request.POST.getlist("selected"))
    return [one for one in found if one is not None]
