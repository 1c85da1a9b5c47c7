"""Flags. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    Changed,
    ConversionShown,
)


class ClearedFlags(TypedDict):
    flags: list[str]
    reason: str


class FlagShown(TypedDict):
    """Something unusual about a sale. It changes no money by itself. `evidence` holds the
    figures that `words` says in a sentence. A flag is withdrawn where later facts show that
    there was nothing unusual.
    """

    id: str
    conversion: str | ConversionShown
    enrollment: str
    member: str
    offer: str
    kind: Literal[
        "self_purchase",
        "paid_search",
        "coupon_site",
        "code_surge",
        "fast_order",
        "same_customer",
        "shared_account",
        "velocity",
    ]
    state: Literal["open", "cleared", "rejected", "withdrawn"]
    words: str
    evidence: dict[str, Any]
    holds: bool
    raised_at: str
    decided_at: str | None
    decided_by: str
    reason: str


class RejectedFlags(TypedDict):
    flags: list[str]
    reason: str


class Flags(Caller):
    """The operations on flags."""

    def list_flags(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        state: Literal["open", "cleared", "rejected", "withdrawn"] | None = None,
        kind: Literal[
            "self_purchase",
            "paid_search",
            "coupon_site",
            "code_surge",
            "fast_order",
            "same_customer",
            "shared_account",
            "velocity",
        ]
        | None = None,
        offer: str | None = None,
        member: str | None = None,
        conversion: str | None = None,
    ) -> Iterator[FlagShown]:
        """GET /api/v1/flags: Return flags, those raised last first."""
        return self.pages(
            "/api/v1/flags",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "state": state,
                "kind": kind,
                "offer": offer,
                "member": member,
                "conversion": conversion,
            },
        )

    def clear_flags(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ClearedFlags],
    ) -> Changed:
        """POST /api/v1/flags/clear: Clear open flags that were false. A sale that they held for
        review earns at once.
        """
        answer: Changed = self.call(
            "POST",
            "/api/v1/flags/clear",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def reject_flags(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[RejectedFlags],
    ) -> Changed:
        """POST /api/v1/flags/reject: Reject the sales of open flags. What was earned is taken
        back from what is due.
        """
        answer: Changed = self.call(
            "POST",
            "/api/v1/flags/reject",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_flag(
        self,
        flag: str,
        *,
        expand: str | None = None,
    ) -> FlagShown:
        """GET /api/v1/flags/{flag}: Return one flag."""
        answer: FlagShown = self.call(
            "GET",
            f"/api/v1/flags/{quoted(flag)}",
            asked={
                "expand": expand,
            },
        )
        return answer
