"""Which rows of a list are selected, and the buttons for them: a base class of `Listing`.

Rows are selected one by one, or all that match at once. In the second case the address has ?all=1,
and every form is posted to an address with the filters. So it works without JavaScript, on every
page of the list, and for rows that begin to match before the button is pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from django import forms
from django.db.models import QuerySet
from django.utils.functional import cached_property

from brand_admin.listing.actions import Action, Button, Seen
from core.components.from_python import component
from core.components.page_urls import page_url

if TYPE_CHECKING:
    from django.core.paginator import Page
    from django.http import QueryDict

SELECTED_ALL = "all"  # in the address: every row that matches is selected
Row = TypeVar("Row")


class ChosenRows(Generic[Row]):
    """The selection of a list. `Listing` defines the attributes under TYPE_CHECKING."""

    change_page: ClassVar[str] = ""  # the URL name of the view that takes the selected rows
    change_method: ClassVar[str] = "post"
    actions: ClassVar[Sequence[Action]] = ()
    rows_are_enrollments: ClassVar[bool] = False  # so that their members can be emailed
    rows_are_members: ClassVar[bool] = False  # the same

    if TYPE_CHECKING:
        name: ClassVar[str]
        GET: QueryDict
        args: dict[str, int]

        @cached_property
        def found(self) -> QuerySet[Any] | Sequence[Any]: ...
        @cached_property
        def filters(self) -> Any: ...
        @cached_property
        def page(self) -> Page[Any]: ...
        @cached_property
        def may_change(self) -> bool: ...
        @property
        def href(self) -> str: ...
        @property
        def place(self) -> list[object]: ...
        def rows_of(self, found: Sequence[Any]) -> Sequence[Row]: ...
        def query_without(self, *names: str) -> QueryDict: ...
        def with_query(self, address: str, *, keep_all: bool = False) -> str: ...

    def row_key(self, row: Row) -> str:
        """Return the value that a row's checkbox posts."""
        return str(row.pk)  # type: ignore[attr-defined]

    def row_label(self, row: Row) -> str:
        return str(row)

    def can_choose(self, row: Row) -> bool:
        return True

    def is_selected(self, row: Row) -> bool:
        """Whether the row is selected when the page opens."""
        return False

    def everything(self) -> QuerySet[Any]:
        """Return all rows that can be checked.

        A list with actions includes rows that no longer match, because the person saw them.
        """
        return cast("QuerySet[Any]", self.found)

    def matching(self) -> QuerySet[Any, int]:
        """Return the ids of the rows that match now."""
        return cast("QuerySet[Any]", self.found).order_by("pk").values_list("pk", flat=True)

    def member_ids(self) -> QuerySet[Any, int]:
        """Return the ids of the members that match, if the rows are members."""
        return self.matching()

    @cached_property
    def filters_gone(self) -> list[str]:
        """The filters in the address that the list does not know: a deleted segment, an old tag.

        The page ignores them, and shows more rows. What is done to all that match may not.
        """
        form = self.filters
        if form is None:
            return []
        given = [name for name in type(form).base_fields if self.GET.get(name, "").strip()]
        return [name for name in given if name not in form.fields or name in form.errors]

    def all_ids(self) -> QuerySet[Any, int]:
        """Return what `matching` does, to do something with all of them; none if a filter is gone.

        So nobody acts on every row of a list because a segment was deleted meanwhile.
        """
        return self.matching().none() if self.filters_gone else self.matching()

    def all_member_ids(self) -> QuerySet[Any, int]:
        """Return the same of `member_ids`."""
        return self.member_ids().none() if self.filters_gone else self.member_ids()

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        """Return these rows for the page that asks for confirmation."""
        rows = self.rows_of(list(self.everything().filter(pk__in=ids)))
        return [Seen(self.row_label(row)) for row in rows]

    def asks(self, action: Action, form: forms.Form | None) -> str:
        """Return what that page says about the action."""
        return action.asks

    def warning(self, action: Action, ids: list[int]) -> str:
        """Return the warning of that page; "" for none."""
        return ""

    def done_words(self, action: Action, values: dict[str, Any]) -> str:
        """Return what the action did: "tagged VIP"."""
        return action.done.format(**values)

    def form_of(self, action: Action, data: Any = None, **kwargs: Any) -> forms.Form:
        """Return the form of an action that has one."""
        assert action.form is not None  # noqa: S101 - the callers look
        return action.form(data, **kwargs)

    def shown_actions(self) -> Sequence[Action]:
        return self.actions

    @property
    def has_more_actions(self) -> bool:
        return any(action.more for action in self.shown_actions())

    def buttons(self) -> list[Button]:
        """Return the buttons with the fields before them; each field is shown once."""
        found: list[Button] = []
        shown: set[type[forms.Form]] = set()
        for action in self.shown_actions():
            is_new = action.form is not None and not action.asks and action.form not in shown
            fields = list(self.form_of(action, auto_id="bulk-%s")) if is_new else []
            if action.form is not None:
                shown.add(action.form)
            formaction = self.change_address(action.posts_to) if action.posts_to else ""
            html = {"data-confirm": action.confirm} if action.confirm else {}
            html |= action.html(self) if action.html else {}
            found.append(Button(action, fields, formaction, html))
        return found

    def after(self, action: Action) -> str:
        """Return the address to redirect to after the action."""
        return self.href

    @cached_property
    def chooses(self) -> bool:
        """Whether rows can be selected: the list has actions, and the reader may use them."""
        return bool(self.actions) and self.may_change

    @cached_property
    def all_chosen(self) -> bool:
        """Whether every row that matches is selected, not only rows of this page."""
        return self.chooses and bool(self.GET.get(SELECTED_ALL))

    @property
    def all_href(self) -> str:
        """The same page with every matching row selected; "" if the page shows all of them."""
        if not self.page.has_other_pages():
            return ""
        query = self.GET.copy()
        query[SELECTED_ALL] = "1"
        return f"?{query.urlencode()}"

    def change_fields(self) -> list[tuple[str, str]]:
        """Return hidden fields for the selection: the filters, if all rows are selected."""
        if self.change_method == "post" or not self.all_chosen:
            return []
        filters = [(name, str(value)) for name, value in self.query_without().items()]
        return [*filters, (SELECTED_ALL, "1")]

    @property
    def unchosen_href(self) -> str:
        """The same page with no row selected."""
        query = self.GET.copy()
        query.pop(SELECTED_ALL, None)
        return f"?{query.urlencode()}"

    @property
    def change_href(self) -> str:
        """The address that the selected rows are posted to, with the filters."""
        return self.change_address(self.change_page)

    def change_address(self, page: str) -> str:
        """Return the address of a page that takes the selected rows, with the filters."""
        address = page_url(f"brand_admin:{page}", self.place)
        return self.with_query(address, keep_all=self.all_chosen)

    @property
    def reference(self) -> str:
        """The list with its filters, as `list_of_reference` reads it: "members?tag=VIP"."""
        query = self.query_without()
        for name, value in self.args.items():
            query[name] = str(value)
        return f"{self.name}?{query.urlencode()}"

    def _box(self, row: Row) -> str:
        can_choose = self.can_choose(row)
        return component(
            "select_row",
            label=self.row_label(row),
            value=self.row_key(row),
            checked=can_choose and (self.all_chosen or self.is_selected(row)),
            disabled=self.all_chosen or not can_choose,
        )
