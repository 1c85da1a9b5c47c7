"""Create projects, set up their Sales Tracking stages and add members."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Member
from core.db import raises_if_taken
from core.text import one_line
from offers.models import Offer, OfferKind, Project, ProjectMember
from offers.services import ClosedError, enroll
from offers.terms import OfferError


@transaction.atomic
def create_project(*, name: str, by: Actor, now: datetime) -> Project:
    """Create an empty project. Raises OfferError when it has no name, or the name is taken."""
    called = one_line(name)
    if not called:
        raise OfferError("name", "a project needs a name")
    taken = partial(OfferError, "name", f"there is a project {called!r} already")
    with raises_if_taken("offers_project_name", error=taken):
        project = Project.objects.create(name=called, created_at=now)
    audit.record(action="project.created", target=project, by=by, now=now)
    return project


@transaction.atomic
def set_up_stage(
    *,
    project: Project,
    offer: Offer,
    by: Actor,
    now: datetime,
    code_offer: Offer | None = None,
) -> Project:
    """Connect the project's Sales Tracking stage to an offer, and enroll the project's members.

    With `code_offer` the stage has two offers. Raises OfferError unless `offer` gives links only
    and `code_offer` gives codes only, and as `enroll` does.
    """
    if code_offer is not None:
        if offer.kind != OfferKind.LINK:
            raise OfferError("offer", "with a code offer, the first offer must be for links only")
        if code_offer.kind != OfferKind.CODE:
            raise OfferError("code_offer", "the second offer must be for codes only")
    project.offer, project.code_offer = offer, code_offer
    project.save(update_fields=["offer", "code_offer"])
    members = Member.objects.filter(
        pk__in=ProjectMember.objects.filter(project=project).values("member")
    )
    for each in project.offers:
        enroll(offer=each, members=members, by=by, now=now)
    audit.record(action="project.offer_set", target=project, by=by, now=now, offer=offer.pk)
    return project


@transaction.atomic
def add_to_project(
    *, project: Project, members: Iterable[Member], by: Actor, now: datetime
) -> None:
    """Add members to a project and, once its stage is set up, to its offers that are open."""
    rows = list(members)
    ProjectMember.objects.bulk_create(
        [ProjectMember(project=project, member=member, added_at=now) for member in rows],
        ignore_conflicts=True,
    )
    for each in project.offers:
        with suppress(ClosedError):
            enroll(offer=each, members=rows, by=by, now=now)
    audit.record(
        action="project.members_added",
        target=project,
        by=by,
        now=now,
        members=[member.pk for member in rows],
    )
