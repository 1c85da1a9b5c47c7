"""One declaration per list: its rows, columns, search, filters, order, file, and empty states.

A list is a subclass of `Listing` with `find`. An instance is the list for one request. The page,
the file and the actions on selected rows all use an instance, so that they have the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar, NamedTuple, TypeVar

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import Brand
from accounts.permissions import Permission, may
from affiliates.models import Member
from brand_admin.forms import DayFilters
from brand_admin.listing.cells import BrandPages, written
from brand_admin.listing.choosing import SELECTED_ALL, ChosenRows
from brand_admin.listing.columns import Column, FileColumns, in_file, sorted_by
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.file_names import file_name_of
from brand_admin.listing.list_request import ListRequest, StoredListRequest
from brand_admin.listing.paging import PER_PAGE, LongPaginator
from brand_admin.pages import id_in
from core.components.page_urls import page_url
from core.fetched_rows import fetch_rows
from core.kept_queries import KeptRows, SearchWord, kept_selection
from tracking.figures.metrics import ALL_TIME, DateRange

AT_ONCE = 500  # rows of the file that are read together
NOT_FILTERS = ("page", SELECTED_ALL)  # parameters that a new search drops


Row = TypeVar("Row")
LISTS: dict[str, type[Listing[Any]]] = {}  # by name; `brand_admin.lists` imports all lists


class Selection(NamedTuple):
    """A selector and its arguments: numbers, moments, and texts of which there are few.

    `search` and `within`, a segment, may be any.
    """

    select: Callable[..., QuerySet[Any]]
    arguments: dict[str, Any]


class Listing(ChosenRows[Row]):
    """A list of the brand admin, for one request."""

    # Its names: for the worker, in the navigation, on its page.
    name: ClassVar[str]
    section: ClassVar[str]
    heading: ClassVar[str]
    subtitle: str = ""
    label: ClassVar[str]  # of the table, for screen readers
    noun: ClassVar[str]  # what it lists, in the plural
    template: ClassVar[str] = "brand_admin/listing/page.html"
    # Its URLs.
    page_name: ClassVar[str]
    arguments: ClassVar[tuple[str, ...]] = ()  # path arguments after the brand
    file_page: ClassVar[str] = ""
    export_in_header: ClassVar[bool] = False  # because the filters fill their line
    reads: ClassVar[Permission] = Permission.READ
    changes: ClassVar[Permission] = Permission.MANAGE  # to order large files and use actions
    # Its content.
    columns: ClassVar[Sequence[Column]] = ()
    default_sort: ClassVar[str] = ""
    search_label: ClassVar[str] = ""
    filter_form: ClassVar[type[forms.Form] | None] = None
    always_filters: ClassVar[bool] = False  # show the filters even if there are no rows
    more_filters: ClassVar[tuple[str, ...]] = ()  # parameters that filter, besides the form's
    carried: ClassVar[tuple[str, ...]] = ()  # parameters that every filter keeps
    only_member: ClassVar[str] = ""  # "payments to": it can list one member's rows
    per_page: ClassVar[int] = PER_PAGE
    is_long: ClassVar[bool] = False  # pages end at MAX_COUNTED_ROWS
    shows_times: ClassVar[bool] = True
    file_columns: ClassVar[FileColumns] = {}
    nothing_yet: ClassVar[EmptyState]
    nothing_matches: ClassVar[EmptyState] = EmptyState(
        "Nothing matches", "Change the search or the filters.", icon="search"
    )
    header_links: ClassVar[tuple[PageLink, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in vars(cls):
            LISTS[cls.name] = cls
        if "find" in vars(cls) and "selection" not in vars(cls):
            cls.selection = Listing.selection  # type: ignore[method-assign]

    def __init__(self, request: ListRequest, **args: int) -> None:
        self.request, self.brand, self.GET, self.args = request, request.brand, request.GET, args
        self.now = timezone.now()
        self.prepare(**args)

    def prepare(self, **args: int) -> None:
        """Fetch the object that the path arguments name. Raises Http404."""

    # What a list may define.

    def belongs_to(self) -> str:
        """Return the name of the list's offer or project; "" for a list of the brand."""
        return ""

    def selection(self) -> Selection | None:
        """Return what selects the rows, if one selector does: its queries are then kept."""
        return None

    def find(self) -> QuerySet[Any] | Sequence[Any]:
        """Return the rows that match; a queryset is ordered afterwards.

        A list without a selection defines this itself.
        """
        chosen = self.selection()
        if chosen is None:
            raise TypeError(f"{type(self).__name__} says neither what it finds nor how.")
        return chosen.select(**chosen.arguments)

    def rows_of(self, found: Sequence[Any]) -> Sequence[Row]:
        """Return the rows with the data of their cells, in a fixed number of queries."""
        return found

    def shown_columns(self) -> Sequence[Column]:
        return self.columns

    def usual_sort(self) -> str:
        """Return the order that is used if the address names none."""
        return self.default_sort

    def known_count(self) -> int | None:
        """Return the number of matching rows if it is stored; else None."""
        return None

    def empty(self) -> EmptyState:
        return self.nothing_matches if self.clear_href else self.nothing_yet

    def file_name(self) -> str:
        """Return the file's name after the brand's: "members" for juniper-members.csv."""
        return self.name.replace("_", "-")

    def file_period(self) -> DateRange:
        """Return the days that limit the list, for the name of its file."""
        if not isinstance(self.filters, DayFilters):
            return ALL_TIME
        self.filters.is_valid()
        given = self.filters.cleaned_data
        return DateRange(given.get("first"), given.get("last"))

    def file_title(self) -> str:
        """Return the file's name for people, for the page that offers a large one."""
        return self.heading

    def for_file(self) -> dict[str, str]:
        """Return parameters to add to the file's address, if the file is that of another list."""
        return {}

    def context(self) -> dict[str, Any]:
        """Return more context for the page."""
        return {}

    # What every list has.

    @cached_property
    def filters(self) -> Any:
        """The filter form with the values of the address; invalid values are ignored."""
        return self.filter_form(self.GET) if self.filter_form else None

    @cached_property
    def search(self) -> str:
        """The text of ?q=, without null characters, which PostgreSQL can't store."""
        return self.GET.get("q", "").replace("\0", "").strip()

    @property
    def search_word(self) -> str:
        """The same for a selector whose queries are kept also when one word is searched for."""
        return SearchWord(self.search) if len(self.search.split()) == 1 else self.search

    @cached_property
    def found(self) -> QuerySet[Any] | Sequence[Any]:
        """The rows that match, in the order that the address names."""
        found, fields = self.find(), self._order
        return found.order_by(*fields) if fields and isinstance(found, QuerySet) else found

    @property
    def _order(self) -> list[str]:
        return sorted_by(self.shown_columns(), self.GET.get("sort", ""), self.usual_sort())

    @property
    def _paged(self) -> Any:
        """The same rows for a paginator, by a kept query if there is one."""
        chosen = self.selection()
        if chosen is None or not self._may_be_kept(chosen):
            return self.found
        return KeptRows(kept_selection(chosen.select, tuple(self._order)), chosen.arguments)

    def _may_be_kept(self, chosen: Selection) -> bool:
        """Whether its queries are: several words, or a segment, are hardly asked for again."""
        is_one_word = isinstance(chosen.arguments.get("search"), SearchWord)
        return chosen.arguments.get("within") is None and (not self.search or is_one_word)

    @cached_property
    def page(self) -> Page[Any]:
        """The page that ?page= names, with its rows; the nearest page for an invalid number."""
        kind = LongPaginator if self.is_long else Paginator
        paginator = kind(self._paged, self.per_page)
        known = self.known_count()
        if known is not None:
            paginator.count = known
        page = paginator.get_page(self.GET.get("page"))
        if isinstance(page.object_list, QuerySet):
            page.object_list = fetch_rows(page.object_list)
        return page

    @cached_property
    def rows(self) -> Sequence[Row]:
        return self.rows_of(list(self.page))

    @cached_property
    def member(self) -> Member | None:
        """The member to whom the address limits the list, if any."""
        if not self.only_member:
            return None
        self.filters.is_valid()
        asked = self.filters.cleaned_data.get("member")
        return Member.objects.filter(pk=asked).first() if asked else None

    @property
    def count(self) -> int:
        """How many rows match."""
        found = self._paged
        return found.count() if isinstance(found, QuerySet | KeptRows) else len(found)

    @property
    def shows_filters(self) -> bool:
        is_narrowed = bool(self.clear_href or self.member)
        return self.always_filters or is_narrowed or bool(self.page.object_list)

    @property
    def filter_names(self) -> list[str]:
        """The names of the parameters that filter the list."""
        return ["q", *self.more_filters, *(self.filters.fields if self.filters else ())]

    @cached_property
    def clear_href(self) -> str:
        """The same list without filters; "" if no filter is set."""
        names = self.filter_names
        if not any(self.GET.get(name) for name in names):
            return ""
        return f"?{self.query_without(*names).urlencode()}"

    @property
    def export_href(self) -> str:
        """The address of the file with all rows of this list."""
        query = self.query_without()
        for name, value in self.for_file().items():
            query[name] = value
        address = page_url(f"brand_admin:{self.file_page}", self.file_place)
        return f"{address}?{query.urlencode()}" if query else address

    @property
    def href(self) -> str:
        """The list with its filters, and no row selected."""
        return self.with_query(page_url(f"brand_admin:{self.page_name}", self.place))

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that the filter form sends as hidden fields."""
        kept = [(name, str(self.GET[name])) for name in self.carried if self.GET.get(name)]
        return [*kept, ("member", str(self.member.pk))] if self.member else kept

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        return self.filters.visible_fields() if self.filters else []

    def lines(self) -> Iterator[SafeString]:
        """Yield the rows as HTML."""
        pages, chooses = BrandPages(self.brand.slug), self.chooses
        columns = [(column.cell, *column.tags()) for column in self.shown_columns()]
        for row in self.rows:
            box = self._box(row) if chooses else ""
            cells = [f"{start}{written(cell(row), pages)}{end}" for cell, start, end in columns]
            yield SafeString(f"<tr>{box}{''.join(cells)}</tr>")  # cells escape their texts

    # Its file.

    def whole_file_name(self) -> str:
        """Return the file's name with the brand, the filters and its ending."""
        member = [str(self.member)] if self.member else []
        return file_name_of(
            brand=self.brand.slug,
            name=self.file_name(),
            form=self.filters,
            search=self.search,
            period=self.file_period(),
            more=[*member, *(self.GET.get(name, "") for name in self.more_filters)],
        )

    def file_rows(self) -> Iterator[Row]:
        """Yield all rows that match, read in batches."""
        found: Iterable[Any] = self.found
        rows = iter(found.iterator(chunk_size=AT_ONCE) if isinstance(found, QuerySet) else found)
        while batch := list(islice(rows, AT_ONCE)):
            yield from self.rows_of(batch)

    def file_lines(self) -> Iterator[list[str]]:
        """Yield the lines of the file, the header first."""
        columns = self.file_columns
        yield list(columns)
        for row in self.file_rows():
            yield [in_file(say(row)) for say in columns.values()]

    @cached_property
    def may_change(self) -> bool:
        """Whether the reader may use actions; a worker may not."""
        return self._may(self.changes)

    def _may(self, permission: Permission) -> bool:
        role = getattr(self.request, "role", None)
        return role is not None and may(role, permission)

    def permitted_header_links(self) -> list[tuple[PageLink, str]]:
        """The buttons of the header that the reader may use, with their addresses."""
        return self._permitted(self.header_links)

    def permitted_empty_links(self) -> list[tuple[PageLink, str]]:
        """The same for the buttons that stand where there are no rows."""
        return self._permitted(self.empty().links)

    def _permitted(self, links: Iterable[PageLink]) -> list[tuple[PageLink, str]]:
        return [(link, link.href(self.brand.slug)) for link in links if self._may(link.needs)]

    # Its URLs.

    @property
    def place(self) -> list[object]:
        """The path arguments of its URLs."""
        return [self.brand.slug, *self.args.values()]

    @property
    def file_place(self) -> list[object]:
        return self.place

    def query_without(self, *names: str) -> QueryDict:
        query = self.GET.copy()
        for name in (*names, *NOT_FILTERS):
            query.pop(name, None)
        return query

    def with_query(self, address: str, *, keep_all: bool = False) -> str:
        query = self.query_without()
        if keep_all:
            query[SELECTED_ALL] = "1"
        return f"{address}?{query.urlencode()}" if query else address


def list_of_reference(reference: str, *, brand: Brand) -> Listing[Any]:
    """Return the list that a `Listing.reference` names. Raises Http404 for an unknown list."""
    name, _, text = reference.partition("?")
    kind, query = LISTS.get(name), QueryDict(text, mutable=True)
    if kind is None:
        raise Http404
    named = {key: id_in(query.pop(key, [""])[-1]) for key in kind.arguments}
    args = {key: pk for key, pk in named.items() if pk is not None}
    if len(args) < len(named):
        raise Http404
    return kind(StoredListRequest(brand, query), **args)
