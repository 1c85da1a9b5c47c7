"""Members: reading, adding and changing them, their tags and who looks after them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from accounts.models import Staff
from accounts.selectors import staff_of_brand
from affiliates.details import (
    MemberDetails,
    assign_owner,
    member_details_of,
    read_handles,
    read_tags,
    tag_members,
    untag_members,
)
from affiliates.models import Member
from affiliates.selectors import members
from affiliates.services import add_member
from api.authentication import Scope, actor_of
from api.problems import invalid
from api.resources.operations import Noun
from api.resources.reading import by_number, filter_id, page_of, row_at, rows_named, shown_id
from api.resources.refusing import changed_meanwhile, seen_version
from api.schemas.members import (
    AskedMembers,
    MemberChange,
    MemberShown,
    NewMember,
    Owning,
    Tagging,
)
from api.schemas.parts import Changed, Page, moment, moment_or_none
from core.public_ids import IdKind
from core.versions import ChangedMeanwhileError
from offers.selectors import in_offer
from payouts.releases import change_member_and_payments
from tracking.orders.facts import FieldProblem

NOUN = Noun("members", changes=Scope.MEMBERS)
NONE = "none"


@NOUN.get("/members", Page[MemberShown])
def list_members(request: HttpRequest, asked: Query[AskedMembers]) -> Page[MemberShown]:
    """Return members, those who joined last first."""
    owner = None if asked.owner in {"", NONE} else _staff(asked.owner, field="owner")
    found = members(
        search=asked.search,
        tag=asked.tag,
        owner_id=owner.pk if owner else None,
        without_owner=asked.owner == NONE,
    )
    if asked.offer:
        chosen = None if asked.offer == NONE else filter_id(IdKind.OFFER, asked, "offer")
        found = in_offer(found, chosen)
    return page_of(request, asked, found, column="joined_at", show=_show)


@NOUN.get("/members/{member}", MemberShown)
def show_member(request: HttpRequest, member: str) -> MemberShown:
    """Return one member."""
    return _one(row_at(IdKind.MEMBER, member, _rows()))


@NOUN.post("/members", MemberShown, status=201)
def add_one_member(request: HttpRequest, sent: NewMember) -> MemberShown:
    """Add a member. An address that another member has is refused."""
    details = _details(sent.tags, sent.handles, sent.owner)
    row = add_member(
        email=sent.email,
        first_name=sent.first_name,
        last_name=sent.last_name,
        details=details,
        by=actor_of(request),
        now=timezone.now(),
    )
    return _one(_rows().get(pk=row.pk))


@NOUN.patch("/members/{member}", MemberShown)
def change_one_member(request: HttpRequest, member: str, sent: MemberChange) -> MemberShown:
    """Change a member's address, name or details. With another address, payments wait again."""
    row = row_at(IdKind.MEMBER, member, _rows())
    details: dict[str, Any] = {}
    if sent.tags is not None:
        details["tags"] = _tags(sent.tags)
    if sent.handles is not None:
        details["handles"] = read_handles(_texts(sent.handles))
    if sent.owner is not None:
        details["owner"] = _owner(sent.owner)
    try:
        changed = change_member_and_payments(
            member=row,
            email=sent.email,
            first_name=sent.first_name,
            last_name=sent.last_name,
            details=lambda known: replace(known, **details),
            seen_version=seen_version(request, sent.version),
            by=actor_of(request),
            now=timezone.now(),
        )
    except ChangedMeanwhileError as error:
        raise changed_meanwhile(_one(_rows().get(pk=row.pk))) from error
    return _one(_rows().get(pk=changed.pk))


@NOUN.post("/members/tag", Changed)
def tag_some_members(request: HttpRequest, sent: Tagging) -> Changed:
    """Add a tag to members."""
    changed = tag_members(tag=sent.tag, **_acted_on(request, sent.members))
    return Changed(changed=changed)


@NOUN.post("/members/untag", Changed)
def untag_some_members(request: HttpRequest, sent: Tagging) -> Changed:
    """Take a tag off members."""
    changed = untag_members(tag=sent.tag, **_acted_on(request, sent.members))
    return Changed(changed=changed)


@NOUN.post("/members/owner", Changed)
def set_owner_of_members(request: HttpRequest, sent: Owning) -> Changed:
    """Set who on the team looks after members."""
    owner = _owner(sent.owner or "")
    changed = assign_owner(owner=owner, **_acted_on(request, sent.members))
    return Changed(changed=changed)


def members_shown(ids: Collection[int]) -> dict[int, MemberShown]:
    """Return members whole, by number, in three queries."""
    rows = list(_rows().filter(pk__in=ids))
    return by_number(rows, _show)


def _rows() -> QuerySet[Member]:
    return Member.objects.select_related("owner__user")


def _one(row: Member) -> MemberShown:
    return _show([row])[0]


def _show(rows: Sequence[Member]) -> list[MemberShown]:
    details = member_details_of(rows)
    return [_shown(row, details[row.pk]) for row in rows]


def _shown(row: Member, noted: MemberDetails) -> MemberShown:
    handles: dict[Any, str] = {one.value: name for one, name in noted.handles.items()}
    return MemberShown(
        id=shown_id(IdKind.MEMBER, row.pk),
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        tags=list(noted.tags),
        handles=handles,
        owner=noted.owner.user.email if noted.owner else None,
        version=row.version,
        joined_at=moment(row.joined_at),
        deleted_at=moment_or_none(row.deleted_at),
    )


def _acted_on(request: HttpRequest, members: Sequence[str]) -> dict[str, Any]:
    rows = rows_named(IdKind.MEMBER, members, Member.objects.all(), field="members")
    return {
        "member_ids": [row.pk for row in rows],
        "by": actor_of(request),
        "now": timezone.now(),
    }


def _details(tags: list[str], handles: dict[Any, str], owner: str | None) -> MemberDetails:
    return MemberDetails(
        tags=_tags(tags), handles=read_handles(_texts(handles)), owner=_owner(owner or "")
    )


def _tags(tags: list[str]) -> list[str]:
    """As a form reads them: a tag holds no comma, semicolon or line end."""
    for place, tag in enumerate(tags):
        if len(read_tags(tag)) != 1:
            raise invalid([FieldProblem(f"tags.{place}", "refused", "write one tag in each")])
    return read_tags(",".join(tags))


def _texts(handles: dict[Any, str]) -> dict[str, str]:
    return {str(platform): name for platform, name in handles.items()}


def _owner(address: str) -> Staff | None:
    return _staff(address, field="owner") if address else None


def _staff(address: str, *, field: str) -> Staff:
    found = staff_of_brand().filter(user__email__iexact=address.replace("\0", "")).first()
    if found is None:
        raise invalid([FieldProblem(field, "not_staff", f"{address} is not on the team")])
    return found
