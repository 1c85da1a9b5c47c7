"""The members of a project's stage who lack a code or a link, with suggested codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brand_admin.listing.actions import Action
from brand_admin.listing.cells import Cell, Chip, Fragment, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState
from brand_admin.projects.rows import GenerateRow, generate_rows
from brand_admin.projects.step_lists import ADDRESS, MEMBER, WHO, AtStep, tracking_link
from offers.models import OfferKind, ProjectMember
from tracking.outreach.stages import StageStep, enrollments_at


def _lacking(row: GenerateRow) -> str:
    offer = row.enrollment.offer
    lacks = ["code"] * (offer.gives_codes and not row.items.promo_code)
    lacks += ["link"] * (offer.gives_links and not row.items.tracking_link)
    return " and ".join(lacks)


class ToGenerate(AtStep):
    """Members who lack a code or a link. Staff can edit each code before it is generated.

    If all that match are selected, a worker generates the suggested codes.
    """

    name, part, step = "project_generate", "generate", StageStep.GENERATE
    label, noun = "Members who lack a code or a link", "members"
    page_name, change_page = "project_generate", "project_generate"
    file_page = "project_generate_csv"
    template = "brand_admin/projects/generate.html"
    per_page = 200  # so that most projects fit on one page
    shows_times = False
    file_columns = {**WHO, "lacks": _lacking}
    actions = (
        Action(key="codes", label="Generate codes", kind="primary"),
        Action(key="links", label="Generate links", kind="primary"),
        Action(key="both", label="Generate codes and links", kind="primary"),
    )

    problems: Mapping[int, str] = {}  # the error of a typed code
    had_before: Mapping[int, str] = {}  # typed codes that somebody else had before
    off_domain: Mapping[int, str] = {}  # the error of a typed deep link
    typed: Mapping[str, str] = {}
    selected: frozenset[int] = frozenset()

    def shown_actions(self) -> Sequence[Action]:
        codes, links, both = self.actions
        if self.offer.kind == OfferKind.BOTH:
            only_codes = Action(key="codes", label="Codes only")
            return (only_codes, Action(key="links", label="Links only"), both)
        return (codes,) if self.offer.gives_codes else (links,)

    def shown_columns(self) -> Sequence[Column]:
        columns = [MEMBER, ADDRESS]
        if self.offer.gives_codes:
            columns.append(Column("Code", self._code, look="wide wraps"))
        if self.offer.gives_links:
            columns.append(Column("Link", self._link, look="wide"))
        if self.takes_deep_links:
            columns.append(Column("Deep link to", self._deep_link, look="wide"))
        return columns

    @property
    def takes_deep_links(self) -> bool:
        can_type = self.may_change and not self.all_chosen
        return self.offer.gives_links and self.offer.deep_links_allowed and can_type

    def _code(self, row: GenerateRow) -> object:
        if row.items.promo_code:
            return Chip(row.items.promo_code)
        if not self.may_change or self.all_chosen:
            return row.code
        return Fragment("brand_admin/projects/code_input.html", row=row)

    def _link(self, row: GenerateRow) -> object:
        return tracking_link(row) if row.items.tracking_link else Muted("Not made yet")

    def _deep_link(self, row: GenerateRow) -> Cell:
        return Fragment("brand_admin/projects/page_input.html", row=row)

    def rows_of(self, found: Sequence[Any]) -> list[GenerateRow]:
        return generate_rows(
            self.offer,
            enrollments_at(found),
            typed=self.typed,
            problems=self.problems,
            had_before=self.had_before,
            off_domain=self.off_domain,
        )

    def is_selected(self, row: GenerateRow) -> bool:
        return row.enrollment.pk in self.selected

    @property
    def change_href(self) -> str:
        page = "project_generate_all" if self.all_chosen else self.change_page
        return self.change_address(page)

    def empty(self) -> EmptyState:
        if self.clear_href:
            return self.nothing_matches
        if not ProjectMember.objects.filter(project=self.project).exists():
            return EmptyState(
                "No members in this project yet",
                "Add members; then give them codes and links here.",
                icon="members",
                links=(self.adding,),
            )
        return EmptyState(
            "Nothing is missing",
            "New members appear here until they have a code and link.",
            icon="good",
            links=(self.link_to("Go to Send", "project_send"),),
        )
