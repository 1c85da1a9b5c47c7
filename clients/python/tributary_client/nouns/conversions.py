"""Conversions. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    Changed,
    ConversionShown,
)


class ChosenConversions(TypedDict):
    conversions: list[str]


class Credited(TypedDict):
    """Orders that nobody is credited for go to this member, each under the terms of its day."""

    orders: list[str]
    enrollment: str
    reason: str


class CreditingShown(TypedDict):
    """The new conversions, and the orders that stay as they are."""

    data: list[ConversionShown]
    not_credited: list[NotCreditedShown]


class LookedAgain(TypedDict):
    orders: list[str]


class NotCreditedShown(TypedDict):
    """An order that you named and that stays as it is, and why, in a sentence."""

    order: str
    why: str


class Rejected(TypedDict):
    conversions: list[str]
    reason: str


class ShareSent(TypedDict):
    enrollment: str
    share_bp: int


class SharesShown(TypedDict):
    """The conversions that have a share, the largest first."""

    data: list[ConversionShown]


class Sharing(TypedDict):
    """Basis points that add up to 10000. `seen` are the shares that you read, if you did."""

    shares: list[ShareSent]
    reason: str
    seen: NotRequired[list[ShareSent] | None]


class Conversions(Caller):
    """The operations on conversions."""

    def list_conversions(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        status: Literal["", "pending", "accepted", "rejected", "undecided"] | None = None,
        offer: str | None = None,
        member: str | None = None,
        enrollment: str | None = None,
        evidence: Literal["code", "click", "customer", "by_hand"] | None = None,
    ) -> Iterator[ConversionShown]:
        """GET /api/v1/conversions: Return conversions, those of the newest orders first."""
        return self.pages(
            "/api/v1/conversions",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "status": status,
                "offer": offer,
                "member": member,
                "enrollment": enrollment,
                "evidence": evidence,
            },
        )

    def credit_orders(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Credited],
    ) -> CreditingShown:
        """POST /api/v1/conversions: Credit orders that nobody is credited for to a member, by
        hand. They earn at once.
        """
        answer: CreditingShown = self.call(
            "POST",
            "/api/v1/conversions",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def look_at_orders_again(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[LookedAgain],
    ) -> CreditingShown:
        """POST /api/v1/conversions/look-again: Credit orders whose own codes, clicks and
        customers speak for a member by now.
        """
        answer: CreditingShown = self.call(
            "POST",
            "/api/v1/conversions/look-again",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def accept_conversions(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ChosenConversions],
    ) -> Changed:
        """POST /api/v1/conversions/accept: Accept conversions that wait or were rejected. Their
        commission is earned at once. One stays rejected while an order of another source that
        may be the same is credited.
        """
        answer: Changed = self.call(
            "POST",
            "/api/v1/conversions/accept",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def reject_conversions(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Rejected],
    ) -> Changed:
        """POST /api/v1/conversions/reject: Reject conversions. What was earned is taken back
        from what is due.
        """
        answer: Changed = self.call(
            "POST",
            "/api/v1/conversions/reject",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_conversion(
        self,
        conversion: str,
        *,
        expand: str | None = None,
    ) -> ConversionShown:
        """GET /api/v1/conversions/{conversion}: Return one conversion."""
        answer: ConversionShown = self.call(
            "GET",
            f"/api/v1/conversions/{quoted(conversion)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def share_conversion(
        self,
        conversion: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Sharing],
    ) -> SharesShown:
        """POST /api/v1/conversions/{conversion}/share: Give the order of a conversion to another
        member, or share it among several.
        """
        answer: SharesShown = self.call(
            "POST",
            f"/api/v1/conversions/{quoted(conversion)}/share",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
