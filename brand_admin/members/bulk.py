"""The actions on selected members, each with its service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from accounts.actors import Actor
from accounts.selectors import staff_of_brand
from affiliates.details import (
    MAX_TAGS,
    assign_owner,
    tag_members,
    untag_members,
    without_tag,
)
from affiliates.models import Member
from brand_admin.joining import add_selected
from brand_admin.listing.actions import Action, Done, Skipped
from brand_admin.listing.listing import Listing
from brand_admin.members.forms import AddToOfferForm, AddToProjectForm, OwnerForm, TagForm
from core.components.page_urls import page_url
from offers.models import Enrollment, EnrollmentStatus, Offer, Project, ProjectMember
from offers.projects import add_to_project
from tracking.links.membership import (
    StaysError,
    activate_member,
    deactivate_member,
    without_code,
)
from tracking.models import PromoCode

ONLY = "only"  # in the address of the file: the ids of the members it has
MAX_NAMED = 200  # ids in an address


def _tag(listing: Listing[Any], *, ids: list[int], tag: str, by: Actor, now: datetime) -> Done:
    changed = tag_members(member_ids=ids, tag=tag, by=by, now=now)
    full = [Skipped(str(row), f"has {MAX_TAGS} tags already") for row in without_tag(ids, tag)]
    return Done(changed, unchanged=len(ids) - changed - len(full), skipped=full)


def _untag(listing: Listing[Any], *, ids: list[int], tag: str, by: Actor, now: datetime) -> Done:
    changed = untag_members(member_ids=ids, tag=tag, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


def _give(listing: Listing[Any], *, ids: list[int], owner: str, by: Actor, now: datetime) -> Done:
    chosen = staff_of_brand().filter(pk=owner).first() if owner else None
    if owner and chosen is None:
        gone = "stays as they were: that person is not on the team any more"
        rows = listing.everything().filter(pk__in=ids)
        return Done(0, skipped=[Skipped(str(row), gone) for row in rows])
    changed = assign_owner(member_ids=ids, owner=chosen, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


def _to_offer(
    listing: Listing[Any],
    *,
    ids: list[int],
    to_offer: str,
    with_items: bool,
    by: Actor,
    now: datetime,
) -> Done:
    offer = Offer.objects.get(pk=to_offer)
    inside = Enrollment.objects.not_removed().filter(offer=offer, member__in=ids)
    new = listing.everything().filter(pk__in=ids, deleted_at=None)
    new = new.exclude(pk__in=inside.values("member"))
    return add_selected(
        list(new), offer=offer, with_items=with_items, selected=len(ids), by=by, now=now
    )


def _to_project(
    listing: Listing[Any], *, ids: list[int], to_project: str, by: Actor, now: datetime
) -> Done:
    project = Project.objects.get(pk=to_project)
    inside = ProjectMember.objects.filter(project=project, member__in=ids)
    new = listing.everything().filter(pk__in=ids, deleted_at=None)
    joining = list(new.exclude(pk__in=inside.values("member")))
    if joining:
        add_to_project(project=project, members=joining, by=by, now=now)
    return Done(len(joining), unchanged=len(ids) - len(joining))


def _in_every_offer(
    service: Callable[..., object], *, before: EnrollmentStatus, nothing: str
) -> Callable[..., Done]:
    """Return an action that calls the service for each offer in which the member is `before`."""

    def act(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
        members: Sequence[Member] = list(listing.everything().filter(pk__in=ids).order_by("pk"))
        rows = Enrollment.objects.filter(member__in=ids, status=before)
        changed, notes = set(), []
        for row in rows.select_related("member", "offer").order_by("pk"):
            try:
                taken_by = service(enrollment=row, by=by, now=now)
            except StaysError:  # erased or removed meanwhile
                continue
            changed.add(row.member_id)
            if isinstance(taken_by, PromoCode):
                notes.append(Skipped(str(row.member), without_code(taken_by)))
        skipped = [Skipped(str(one), nothing) for one in members if one.pk not in changed]
        return Done(len(changed), skipped=skipped, notes=notes)

    return act


def _email(listing: Listing[Any], ids: list[int]) -> str:
    """Return the address that asks about which offer they are mailed."""
    return _with_chosen(listing, page_url("brand_admin:members_email", [listing.brand.slug]), ids)


def _export(listing: Listing[Any], ids: list[int]) -> str:
    """Return the address of the file with exactly these members."""
    if listing.all_chosen:
        return listing.export_href
    address = page_url(f"brand_admin:{listing.file_page}", [listing.brand.slug])
    return f"{address}?{urlencode({ONLY: ','.join(map(str, ids))})}"


def _with_chosen(listing: Listing[Any], address: str, ids: list[int]) -> str:
    if listing.all_chosen:
        return listing.with_query(address, keep_all=True)
    return f"{address}?{urlencode([('selected', pk) for pk in ids])}"


MEMBER_ACTIONS = (
    Action(key="email", label="Email", icon="emails", leads=_email),
    Action(
        key="offer", label="Add to offer", act=_to_offer, form=AddToOfferForm, icon="offers",
        asks="They join the offer and see it on a dashboard of their own. Nothing is sent to them"
        " by this.",
        done="in {to_offer} now", unchanged="were in it",
    ),
    Action(
        key="project", label="Add to project", act=_to_project, form=AddToProjectForm,
        icon="projects",
        asks="They take part in the project, and join its offers that have not ended.",
        done="in {to_project} now", unchanged="were in it",
    ),
    Action(
        key="tag", label="Add tag", act=_tag, form=TagForm, icon="tag",
        done="tagged {tag}", unchanged="had the tag",
        asks="Tags group members for your team. Members never see them.",
    ),
    Action(
        key="untag", label="Remove tag", act=_untag, form=TagForm, more=True,
        done="without the tag {tag} now", unchanged="were without the tag",
        asks="Their other tags stay.",
    ),
    Action(
        key="owner", label="Put somebody in charge", act=_give, form=OwnerForm, icon="user",
        more=True, done="in the charge of {owner} now", unchanged="were in their charge",
        asks="The person on your team who takes care of them.",
    ),
    Action(key="export", label="Export CSV", icon="download", leads=_export, more=True),
    Action(
        key="activate", label="Activate", more=True,
        act=_in_every_offer(
            activate_member, before=EnrollmentStatus.INACTIVE, nothing="is inactive in no offer"
        ),
        done="activated", asks="In every offer in which they are inactive now. Codes that nobody"
        " else has meanwhile and links work again.",
    ),
    Action(
        key="deactivate", label="Deactivate", more=True, kind="danger",
        act=_in_every_offer(
            deactivate_member, before=EnrollmentStatus.ACTIVE, nothing="is active in no offer"
        ),
        done="deactivated", asks="In every offer they are in. Their codes and links stop counting"
        " at once. What they earned stays, and you can activate them again.",
    ),
)  # fmt: skip
