"""What staff record about members beside name and address: tags, handles and the owner.

A tag has one spelling in a brand: "VIP" is the same tag as an existing "Vip".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Lower

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Staff
from affiliates.handles import Handle, clean_handle
from affiliates.models import Member, MemberHandle, MemberTag, Platform
from core.db import lock_identities
from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from core.text import single_spaced

MAX_TAG_LENGTH = 40
MAX_TAGS = 30  # of one member
TOO_MANY_TAGS = f"a member has at most {MAX_TAGS} tags"


class TagError(ValueError):
    """The text can't be a tag; the message says why."""


class TooManyTagsError(TagError):
    """These members can't have as many tags."""

    def __init__(self, member_ids: set[int]) -> None:
        super().__init__(TOO_MANY_TAGS)
        self.member_ids = member_ids


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """Tags, handles by platform, and the owner: the member of staff who looks after them."""

    tags: Sequence[str] = ()
    handles: Mapping[Platform, str] = field(default_factory=dict)
    owner: Staff | None = None

    @property
    def is_any(self) -> bool:
        return bool(self.tags or self.handles)

    @property
    def profiles(self) -> list[Handle]:
        """The handles in the order of the platforms."""
        return [Handle(p, self.handles[p]) for p in Platform if self.handles.get(p)]


# The details, or a function of those that the locked member has, which can leave some as they are.
GivenDetails = MemberDetails | Callable[[MemberDetails], MemberDetails]


@dataclass(frozen=True, slots=True)
class TagCount:
    tag: str
    members: int


def read_tags(text: str) -> list[str]:
    """The tags in a text, between commas, semicolons or line ends. Raises TagError."""
    found: dict[str, str] = {}
    for piece in re.split(r"[,;\r\n]+", text):
        tag = single_spaced(piece)
        if len(tag) > MAX_TAG_LENGTH:
            raise TagError(f"a tag has at most {MAX_TAG_LENGTH} characters")
        if "\0" in tag:
            raise TagError("a tag holds no NUL character")
        if tag:
            found.setdefault(tag.lower(), tag)
    if len(found) > MAX_TAGS:
        raise TagError(TOO_MANY_TAGS)
    return list(found.values())


def read_one_tag(text: str) -> str:
    """The only tag in a text. Raises TagError for none or several."""
    found = read_tags(text)
    if len(found) != 1:
        raise TagError("write one tag")
    return found[0]


def read_handles(texts: Mapping[str, str]) -> dict[Platform, str]:
    """The handles in texts by platform. Raises affiliates.handles.HandleError."""
    found = {p: clean_handle(p, texts.get(p.value, "")) for p in Platform}
    return {platform: name for platform, name in found.items() if name}


def tags_in_use() -> list[TagCount]:
    """The brand's tags, with how many members have each, by name."""
    return [TagCount(row["tag"], row["members"]) for row in _tags_in_use()]


@kept_query
def _tags_in_use() -> QuerySet[MemberTag, Any]:
    counted = MemberTag.objects.values("tag").annotate(members=Count("pk"))
    return counted.order_by(Lower("tag"))


def member_details_of(members: Sequence[Member]) -> dict[int, MemberDetails]:
    """The details of each member (with owner and user fetched), in two queries."""
    ids = [member.pk for member in members]
    tags: dict[int, list[str]] = defaultdict(list)
    for member_id, tag in _tags_of(member_ids=ids):
        tags[member_id].append(tag)
    handles: dict[int, dict[Platform, str]] = defaultdict(dict)
    for member_id, platform, handle in _handles_of(member_ids=ids):
        handles[member_id][Platform(platform)] = handle
    return {
        member.pk: MemberDetails(tags[member.pk], handles[member.pk], member.owner)
        for member in members
    }


@kept_query
def _tags_of(*, member_ids: list[int]) -> QuerySet[MemberTag, Any]:
    rows = MemberTag.objects.filter(member__in=member_ids).order_by(Lower("tag"))
    return rows.values_list("member_id", "tag")


@kept_query
def _handles_of(*, member_ids: list[int]) -> QuerySet[MemberHandle, Any]:
    found = MemberHandle.objects.filter(member__in=member_ids)
    return found.values_list("member_id", "platform", "handle")


def write_details(*, member: Member, details: GivenDetails) -> list[str]:
    """Replace the member's details; returns the names of what changed.

    For services that lock the member's row and write the audit log.
    """
    before = member_details_of([member])[member.pk]
    details = details(before) if callable(details) else details
    tags, changed = _in_brand_spelling(details.tags), []
    if {tag.lower() for tag in before.tags} != {tag.lower() for tag in tags}:
        MemberTag.objects.filter(member=member).delete()
        MemberTag.objects.bulk_create(MemberTag(member=member, tag=tag) for tag in tags)
        changed.append("tags")
    if dict(before.handles) != dict(details.handles):
        MemberHandle.objects.filter(member=member).delete()
        MemberHandle.objects.bulk_create(_handles(member, details.handles))
        changed.append("handles")
    if before.owner != details.owner:
        member.owner = details.owner
        member.save(update_fields=["owner"])
        changed.append("owner")
    return changed


@transaction.atomic
def tag_members(*, member_ids: Iterable[int], tag: str, by: Actor, now: datetime) -> int:
    """Add a tag to members who have less than MAX_TAGS; returns how many got it. Raises TagError.

    `without_tag` says afterwards who did not get it. Who was erased gets none.
    """
    wanted = read_one_tag(tag)
    ids = [member.pk for member in lock_members(member_ids)]
    (name,) = _in_brand_spelling([wanted])
    tags = MemberTag.objects.filter(member__in=ids).values("member").annotate(tags=Count("pk"))
    full = tags.filter(tags__gte=MAX_TAGS)
    members = list(without_tag(ids, name).exclude(pk__in=full.values("member")))
    MemberTag.objects.bulk_create(
        [MemberTag(member=member, tag=name) for member in members], ignore_conflicts=True
    )
    _record(members, action="member.tagged", by=by, now=now, tag=name)
    return len(members)


def without_tag(member_ids: Iterable[int], tag: str) -> QuerySet[Member]:
    """Return those of the members who do not have the tag, in whatever case it is written.

    Who was erased is not among them.
    """
    ids = list(member_ids)
    having = MemberTag.objects.filter(member__in=ids, tag__iexact=single_spaced(tag))
    found = Member.objects.filter(pk__in=ids, deleted_at=None)
    return found.exclude(pk__in=having.values("member"))


@transaction.atomic
def untag_members(*, member_ids: Iterable[int], tag: str, by: Actor, now: datetime) -> int:
    """Remove a tag from members; returns how many had it. Raises TagError."""
    wanted = read_one_tag(tag)
    ids = [member.pk for member in lock_members(member_ids)]
    (name,) = _in_brand_spelling([wanted])
    rows = MemberTag.objects.filter(tag=name, member__in=ids)
    members = list(Member.objects.filter(pk__in=rows.values("member")))
    rows.delete()
    _record(members, action="member.untagged", by=by, now=now, tag=name)
    return len(members)


@transaction.atomic
def assign_owner(
    *, member_ids: Iterable[int], owner: Staff | None, by: Actor, now: datetime
) -> int:
    """Set the owner of members, None for nobody; returns how many changed."""
    owner_id = owner.pk if owner else None
    members = [member for member in lock_members(member_ids) if member.owner_id != owner_id]
    for member in members:
        member.owner = owner
    Member.objects.bulk_update(members, ["owner"])
    name = str(owner.user) if owner else "nobody"
    _record(members, action="member.owner_set", by=by, now=now, owner=name)
    return len(members)


@transaction.atomic
def add_details(*, details: Mapping[int, MemberDetails], by: Actor, now: datetime) -> set[int]:
    """Add tags and handles to members by id, removing none; returns the ids of changed members.

    A handle replaces the one of its platform. In a fixed number of statements. Raises
    TooManyTagsError, which names the members who would have more than MAX_TAGS.
    """
    rows = {row.pk: row for row in lock_members(details)}
    written = _spellings(details.values())
    having = member_details_of(list(rows.values()))
    tags, handles, changed, full = [], [], set(), set()
    for pk in rows:
        wanted = details[pk]
        lower = {tag.lower() for tag in having[pk].tags}
        new_tags = [tag for tag in wanted.tags if tag.lower() not in lower]
        new_handles = {p: h for p, h in wanted.handles.items() if having[pk].handles.get(p) != h}
        tags += [MemberTag(member=rows[pk], tag=written[tag.lower()]) for tag in new_tags]
        handles += _handles(rows[pk], new_handles)
        if new_tags or new_handles:
            changed.add(pk)
        if len(having[pk].tags) + len(new_tags) > MAX_TAGS:
            full.add(pk)
    if full:
        raise TooManyTagsError(full)
    MemberTag.objects.bulk_create(tags, ignore_conflicts=True)
    MemberHandle.objects.bulk_create(
        handles,
        update_conflicts=True,
        unique_fields=["brand", "member", "platform"],
        update_fields=["handle"],
    )
    _record([rows[pk] for pk in sorted(changed)], action="member.noted", by=by, now=now)
    return changed


def lock_members(member_ids: Iterable[int]) -> list[Member]:
    """Lock those of the members who were not erased, before the tags, as a change of one does."""
    rows = Member.objects.select_for_update(no_key=True)
    return list(rows.filter(pk__in=list(member_ids), deleted_at=None).order_by("pk"))


def _in_brand_spelling(tags: Sequence[str]) -> list[str]:
    """The tags in the brand's spelling. Locks, so that two spellings can't be added at once."""
    if not tags:
        return []
    lock_identities([f"tags:{current_brand_id()}"])
    wanted = [tag.lower() for tag in tags]
    rows = MemberTag.objects.annotate(lower=Lower("tag")).filter(lower__in=wanted)
    known = dict(rows.values_list("lower", "tag").distinct())
    return [known.get(tag.lower(), tag) for tag in tags]


def _spellings(details: Iterable[MemberDetails]) -> dict[str, str]:
    """The spelling of each lower-case tag: the brand's, or else the first one given."""
    first: dict[str, str] = {}
    for tag in (tag for one in details for tag in one.tags):
        first.setdefault(tag.lower(), tag)
    return dict(zip(first, _in_brand_spelling(list(first.values())), strict=True))


def _handles(member: Member, handles: Mapping[Platform, str]) -> list[MemberHandle]:
    return [
        MemberHandle(member=member, platform=platform, handle=name)
        for platform, name in handles.items()
        if name
    ]


def _record(
    members: Sequence[Member], *, action: str, by: Actor, now: datetime, **detail: str
) -> None:
    """Write the audit log, and raise the version: a form from before would undo the change."""
    changed = Member.objects.filter(pk__in=[member.pk for member in members])
    changed.update(version=F("version") + 1)
    audit.record_many(
        action=action, targets=[(member, dict(detail)) for member in members], by=by, now=now
    )
