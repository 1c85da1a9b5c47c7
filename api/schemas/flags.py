"""Flags of sales, as they are shown and sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.conversions import ConversionShown
from api.schemas.ids import ConversionId, EnrollmentId, FlagId, MemberId, OfferId
from api.schemas.parts import (
    ORDER_OR_MEMBER,
    Asked,
    AskedWholePage,
    MomentShown,
    Reason,
    Sent,
    Shown,
)
from background.running import MAX_ROWS_RUN_AT_ONCE

Flags = Annotated[list[FlagId], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]
Kind = Literal[
    "self_purchase",
    "paid_search",
    "coupon_site",
    "code_surge",
    "fast_order",
    "same_customer",
    "shared_account",
    "velocity",
]
FlagStateName = Literal["open", "cleared", "rejected", "withdrawn"]


class FlagShown(Shown):
    """Something unusual about a sale. It changes no money by itself.

    `evidence` holds the figures that `words` says in a sentence. A flag is withdrawn where later
    facts show that there was nothing unusual.
    """

    id: FlagId
    conversion: ConversionId | ConversionShown
    enrollment: EnrollmentId
    member: MemberId
    offer: OfferId
    kind: Kind
    state: FlagStateName
    words: str
    evidence: dict[str, Any]
    holds: bool = Field(description="Whether the conversion is held for review now.")
    raised_at: MomentShown
    decided_at: MomentShown | None
    decided_by: str
    reason: str


class AskedFlags(AskedWholePage):
    """`created_since` and `created_before` are times at which flags were raised."""

    search: str = ORDER_OR_MEMBER
    state: FlagStateName | Literal[""] = ""
    kind: Kind | Literal[""] = ""
    offer: str = Field("", max_length=40)
    member: str = Field("", max_length=40)
    conversion: str = Field("", max_length=40)


class AskedFlag(Asked):
    pass


class ClearedFlags(Sent):
    flags: Flags
    reason: Reason = Field(description="Staff read it with the flag.")


class RejectedFlags(Sent):
    flags: Flags
    reason: Reason = Field(description="The members read it.")
