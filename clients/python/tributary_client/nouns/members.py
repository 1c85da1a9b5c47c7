"""Members. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    Changed,
    MemberShown,
)


class MemberChange(TypedDict):
    """What is left out stays. `tags` and `handles` replace all that there are."""

    email: NotRequired[str | None]
    first_name: NotRequired[str | None]
    last_name: NotRequired[str | None]
    tags: NotRequired[list[str] | None]
    handles: NotRequired[dict[str, str] | None]
    owner: NotRequired[str | None]
    version: NotRequired[int | None]


class NewMember(TypedDict):
    """Without an address, a member gets no mail."""

    first_name: str
    email: NotRequired[str]
    last_name: NotRequired[str]
    tags: NotRequired[list[str]]
    handles: NotRequired[dict[str, str]]
    owner: NotRequired[str | None]


class Owning(TypedDict):
    members: list[str]
    owner: str | None


class Tagging(TypedDict):
    members: list[str]
    tag: str


class Members(Caller):
    """The operations on members."""

    def list_members(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        offer: str | None = None,
    ) -> Iterator[MemberShown]:
        """GET /api/v1/members: Return members, those who joined last first."""
        return self.pages(
            "/api/v1/members",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "tag": tag,
                "owner": owner,
                "offer": offer,
            },
        )

    def add_member(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewMember],
    ) -> MemberShown:
        """POST /api/v1/members: Add a member. An address that another member has is refused."""
        answer: MemberShown = self.call(
            "POST",
            "/api/v1/members",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def tag_members(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Tagging],
    ) -> Changed:
        """POST /api/v1/members/tag: Add a tag to members."""
        answer: Changed = self.call(
            "POST",
            "/api/v1/members/tag",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def untag_members(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Tagging],
    ) -> Changed:
        """POST /api/v1/members/untag: Take a tag off members."""
        answer: Changed = self.call(
            "POST",
            "/api/v1/members/untag",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def set_owner_of_members(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Owning],
    ) -> Changed:
        """POST /api/v1/members/owner: Set who on the team looks after members."""
        answer: Changed = self.call(
            "POST",
            "/api/v1/members/owner",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_member(
        self,
        member: str,
    ) -> MemberShown:
        """GET /api/v1/members/{member}: Return one member."""
        answer: MemberShown = self.call(
            "GET",
            f"/api/v1/members/{quoted(member)}",
        )
        return answer

    def change_member(
        self,
        member: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[MemberChange],
    ) -> MemberShown:
        """PATCH /api/v1/members/{member}: Change a member's address, name or details. With
        another address, payments wait again.
        """
        answer: MemberShown = self.call(
            "PATCH",
            f"/api/v1/members/{quoted(member)}",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
