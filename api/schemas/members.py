"""Members, as they are shown and sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from affiliates.details import MAX_TAG_LENGTH, MAX_TAGS
from api.schemas.ids import MemberId, asked_id
from api.schemas.parts import AskedPage, Line, MomentShown, NoNul, Sent, Shown
from background.running import MAX_ROWS_RUN_AT_ONCE
from core.public_ids import IdKind

Address = Annotated[str, NoNul, Field(max_length=254)]
NamePart = Annotated[str, NoNul, Field(max_length=200)]
Tag = Annotated[str, NoNul, Field(min_length=1, max_length=MAX_TAG_LENGTH)]
PlatformName = Literal[
    "instagram", "tiktok", "youtube", "twitch", "x", "facebook", "pinterest", "website"
]


def _few_handles(value: Any) -> Any:
    """One for each platform: of a million unknown ones, not each is named."""
    most = len(get_args(PlatformName))
    if isinstance(value, dict) and len(value) > most:
        raise PydanticCustomError("too_long", "has more than {most} platforms", {"most": most})
    return value


Handles = Annotated[dict[PlatformName, Line], BeforeValidator(_few_handles)]
Members = Annotated[list[MemberId], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]


class MemberShown(Shown):
    """A person in the brand. `owner` is the address of who looks after them on the team."""

    id: MemberId
    email: str
    first_name: str
    last_name: str
    tags: list[str]
    handles: dict[PlatformName, str]
    owner: str | None
    version: int = Field(description="Each change of name, address or details raises it.")
    joined_at: MomentShown
    deleted_at: MomentShown | None = Field(description="When they had their data erased.")


class AskedMembers(AskedPage):
    search: str = Field("", max_length=200, description="Words of the name or the address.")
    tag: str = Field("", max_length=MAX_TAG_LENGTH)
    owner: str = Field("", max_length=254, description='An address of the team; "none": nobody.')
    offer: str = asked_id(IdKind.OFFER, "none", description='An offer; "none": in no offer.')


class NewMember(Sent):
    """Without an address, a member gets no mail."""

    first_name: Annotated[NamePart, Field(min_length=1)]
    email: Address = ""
    last_name: NamePart = ""
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    handles: Handles = {}
    owner: Address | None = None


class MemberChange(Sent):
    """What is left out stays. `tags` and `handles` replace all that there are."""

    email: Address | None = None
    first_name: NamePart | None = None
    last_name: NamePart | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] | None = None
    handles: Handles | None = None
    owner: Address | None = Field(None, description='Of the team; "": nobody.')
    version: int | None = Field(None, description="Refuse with 409 if it is another by now.")


class Tagging(Sent):
    members: Members
    tag: Tag


class Owning(Sent):
    members: Members
    owner: Address | None = Field(description="An address of the team; null: nobody.")
