"""The lists of projects, of a project's members, and of members to add. See also `step_lists`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse

from accounts.actors import Actor
from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.listing.actions import Action, Done
from brand_admin.listing.cells import Badge, Fragment, Lines, Link, Muted, address
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.members.lists import Members
from brand_admin.projects.forms import StepFilters
from brand_admin.projects.frame import SECTION, project_asked
from brand_admin.segments import selected_members
from core.templatetags.display import day
from offers.models import Project, ProjectMember
from offers.projects import add_to_project
from offers.selectors import projects
from offers.status import why_closed
from tracking.outreach.stages import (
    LABELS,
    Stage,
    StageStep,
    members_of,
    stages_of,
)

BY_MEMBER = ("member__last_name", "member__first_name", "pk")


class ProjectLine(NamedTuple):
    """A project, and the number of members at each step."""

    project: Project
    stage: Stage


def _count_in_step(step: StageStep) -> Callable[[ProjectLine], int]:
    return lambda row: row.stage.counts.get(step, 0)


class Projects(Listing[ProjectLine]):
    """All projects, newest first."""

    name, section = "projects", SECTION
    heading = "Projects"
    subtitle = "Bring members from an offer to their first sale, step by step."
    label, noun = "Projects", "projects"
    page_name, file_page = "projects", "projects_export"
    search_label = "Search projects"
    default_sort = "-created"
    shows_times = False
    columns = (
        Column(
            "Project",
            lambda row: Link(row.project.name, "project", row.project.pk),
            sort="name",
            by=("name", "pk"),
            look="wraps",
            names_row=True,
        ),
        Column(
            "Offer",
            lambda row: (
                Lines(*(Link(offer.name, "offer", offer.pk) for offer in row.project.offers))
                if row.project.offers
                else Muted("Not set up")
            ),
        ),
        Column("Members", lambda row: row.stage.members, look="number"),
        Column(
            "Sales Tracking",
            lambda row: Fragment("brand_admin/projects/step_counts.html", stage=row.stage),
            look="wide",
        ),
        Column(
            "Added",
            lambda row: day(row.project.created_at),
            sort="created",
            by=("created_at", "pk"),
            look="number",
        ),
    )
    file_columns = {
        "name": lambda row: row.project.name,
        "offer": lambda row: " + ".join(offer.name for offer in row.project.offers),
        "members": lambda row: row.stage.members,
        **{step.value.replace("-", "_"): _count_in_step(step) for step in StageStep},
        "created": lambda row: row.project.created_at.isoformat(),
    }
    header_links = (
        PageLink(
            "Add project", "project_new", icon="plus", kind="primary", needs=Permission.MANAGE
        ),
    )
    nothing_yet = EmptyState(
        "No projects yet",
        "A project holds members and takes them through Sales Tracking: set up an offer, generate"
        " codes and links, send them, follow what they sell.",
        icon="projects",
        links=header_links,
    )
    nothing_matches = EmptyState("No project matches", "Search for something else.", icon="search")

    def find(self) -> QuerySet[Project]:
        return projects(search=self.search)

    def rows_of(self, found: Sequence[Project]) -> list[ProjectLine]:
        stages = stages_of([project.pk for project in found])
        return [ProjectLine(project, stages[project.pk]) for project in found]


class OfProject(Listing[Any]):
    """A list that belongs to one project."""

    section = SECTION
    arguments = ("project_id",)
    part: ClassVar[str]
    search_label = "Search members"
    default_sort = "name"

    def prepare(self, **args: int) -> None:
        self.project = project_asked(args["project_id"])

    def belongs_to(self) -> str:
        return self.project.name

    def link_to(self, label: str, page: str, kind: str = "primary") -> PageLink:
        """Return a button that leads to another page of the project."""
        return PageLink(label, page, kind=kind, args=(self.project.pk,))

    @property
    def adding(self) -> PageLink:
        args = (self.project.pk,)
        return PageLink(
            "Add members", "project_add", "plus", "primary", needs=Permission.MANAGE, args=args
        )


STEP_TONES = {step.value: "wait" for step in StageStep} | {StageStep.TRACKING.value: "good"}
STEP_LABELS: Mapping[str, str] = {step.value: LABELS[step] for step in StageStep}


class ProjectMembers(OfProject):
    """All members of the project, each with their step."""

    name, part = "project_members", "members"
    label, noun = "Members of this project", "members"
    page_name, file_page = "project_members", "project_members_csv"
    template = "brand_admin/projects/members.html"
    filter_form = StepFilters
    shows_times = False
    columns = (
        Column(
            "Member",
            lambda row: Link(row.member, "member", row.member_id),
            sort="name",
            by=BY_MEMBER,
            names_row=True,
        ),
        Column(
            "Email",
            lambda row: address(row.member.email),
            sort="email",
            by=("member__email", "pk"),
            look="wide",
        ),
        Column(
            "Step",
            lambda row: Badge(
                STEP_LABELS.get(row.step, "Not active in the offer"),
                STEP_TONES.get(row.step, "neutral"),
            ),
        ),
        Column(
            "Added",
            lambda row: day(row.added_at),
            sort="added",
            by=("added_at", "pk"),
            look="number",
        ),
    )
    file_columns = {
        "email": lambda row: row.member.email,
        "first_name": lambda row: row.member.first_name,
        "last_name": lambda row: row.member.last_name,
        "stands_in": lambda row: row.step,
        "added": lambda row: row.added_at,
    }
    nothing_matches = EmptyState("Nobody matches", "Change the search or the step.", icon="search")

    def empty(self) -> EmptyState:
        if self.clear_href:
            return self.nothing_matches
        return EmptyState(
            "No members in this project yet",
            "Add members, then take them through the steps above.",
            icon="members",
            links=(self.adding,),
        )

    def selection(self) -> Selection:
        chosen = {"search": self.search_word, "step": self.filters.chosen()}
        return Selection(members_of, {"project_id": self.project.pk, **chosen})

    def file_name(self) -> str:
        return f"project-{self.project.pk}-members"

    def file_title(self) -> str:
        return f"Members of {self.project.name}"


def _add(listing: ToAdd, *, ids: list[int], by: Actor, now: datetime) -> Done:
    added = list(listing.everything().filter(pk__in=ids))
    if added:
        add_to_project(project=listing.project, members=added, by=by, now=now)
    return Done(len(added), unchanged=len(ids) - len(added))


def _outside(found: QuerySet[Member], project_id: int) -> QuerySet[Member]:
    inside = ProjectMember.objects.filter(project=project_id)
    return found.exclude(pk__in=inside.values("member"))


def _selected_outside(*, project_id: int, **chosen: Any) -> QuerySet[Member]:
    return _outside(selected_members(**chosen), project_id)


def _what_adding_does(project: Project) -> str:
    if not project.offers:
        return "Select the members who take part."
    names = " and ".join(offer.name for offer in project.offers if not why_closed(offer))
    joins = f"They join {names} too." if names else "Its offer is closed, so they join none."
    return f"Select the members to add. {joins}"


class ToAdd(Members):
    """Members who are not in the project yet."""

    name, section = "project_add", SECTION
    heading = "Add members"
    label = "Members who are not in the project"
    page_name, file_page, change_page = "project_add", "", "project_add"
    arguments = ("project_id",)
    with_menu = False
    rows_are_members = False
    template = "brand_admin/projects/add.html"
    columns: ClassVar[Sequence[Column]] = (
        Column("Member", str, sort="name", by=("last_name", "first_name", "pk"), names_row=True),
        Column(
            "Email", lambda row: address(row.email), sort="email", by=("email", "pk"), look="wide"
        ),
        Column(
            "Member since",
            lambda row: day(row.joined_at),
            sort="joined",
            by=("joined_at", "pk"),
            look="number",
        ),
    )
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="add",
            label="Add to project",
            act=_add,
            done="added",
            unchanged="were in the project",
            icon="plus",
            kind="primary",
        ),
    )
    nothing_matches = EmptyState(
        "Nobody matches",
        "Change the search or the filters. Who is in the project already is not listed.",
        icon="search",
    )

    def prepare(self, **args: int) -> None:
        self.project = project_asked(args["project_id"])
        self.subtitle = _what_adding_does(self.project)

    def selection(self) -> Selection:
        return Selection(_selected_outside, {"project_id": self.project.pk, **self.chosen()})

    def everything(self) -> QuerySet[Member]:
        return _outside(Member.objects.all(), self.project.pk)

    def rows_of(self, found: Sequence[Member]) -> Sequence[Any]:  # type: ignore[override]
        return found

    def empty(self) -> EmptyState:
        if self.clear_href:
            return self.nothing_matches
        if Member.objects.exists():
            return EmptyState(
                "Everybody is in already",
                "All members of the brand take part in this project.",
                icon="good",
                links=(PageLink("Back to the project", "project", args=(self.project.pk,)),),
            )
        return EmptyState(
            "The brand has no members yet",
            "Add one by hand, or bring them in from a CSV file; then add them to the project.",
            icon="members",
            links=Members.nothing_yet.links,
        )

    def after(self, action: Action) -> str:
        return reverse("brand_admin:project", args=[self.brand.slug, self.project.pk])

    def context(self) -> dict[str, Any]:
        return {"project": self.project}
