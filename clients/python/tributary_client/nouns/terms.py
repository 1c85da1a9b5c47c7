"""Terms. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    Rule,
    TermsShown,
    Tier,
)


class EveryVersion(TypedDict):
    """All versions of an offer's terms, the first one first, also withdrawn ones."""

    data: list[TermsShown]


class NewTerms(TypedDict):
    """The next version. It applies from `starts_at` on, or from now."""

    percent_bp: NotRequired[int]
    fixed: NotRequired[str | float]
    fixed_after_refund: NotRequired[Literal["whole", "share"]]
    per_click: NotRequired[str | float]
    tiers: NotRequired[list[Tier]]
    tier_by: NotRequired[Literal["sales", "conversions"]]
    tier_period: NotRequired[Literal["month", "always"]]
    rules: NotRequired[list[Rule]]
    cap: NotRequired[str | float | None]
    cap_period: NotRequired[Literal["day", "month", "always"]]
    hold_days: NotRequired[int]
    approval: NotRequired[Literal["automatic", "by_hand"]]
    may_pay_nothing: NotRequired[bool]
    starts_at: NotRequired[str | None]
    tells_members: NotRequired[bool]
    replaces: NotRequired[str | None]


class TermsChanged(TypedDict):
    """The new version, and how many members get a mail about it."""

    terms: TermsShown
    told: int


class TermsWithdrawn(TypedDict):
    """How many members get a mail that these terms do not come."""

    told: int


class Terms(Caller):
    """The operations on terms."""

    def list_terms(
        self,
        offer: str,
    ) -> EveryVersion:
        """GET /api/v1/offers/{offer}/terms: Return every version of an offer's terms. There are
        few, so they are one page.
        """
        answer: EveryVersion = self.call(
            "GET",
            f"/api/v1/offers/{quoted(offer)}/terms",
        )
        return answer

    def add_terms(
        self,
        offer: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewTerms],
    ) -> TermsChanged:
        """POST /api/v1/offers/{offer}/terms: Add the next version, for orders placed from its
        start on. `replaces` withdraws another.
        """
        answer: TermsChanged = self.call(
            "POST",
            f"/api/v1/offers/{quoted(offer)}/terms",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_terms(
        self,
        terms: str,
    ) -> TermsShown:
        """GET /api/v1/terms/{terms}: Return one version, also one that was withdrawn."""
        answer: TermsShown = self.call(
            "GET",
            f"/api/v1/terms/{quoted(terms)}",
        )
        return answer

    def withdraw_terms(
        self,
        terms: str,
        *,
        idempotency_key: str = "",
    ) -> TermsWithdrawn:
        """POST /api/v1/terms/{terms}/withdraw: Take back terms that have not begun. Members who
        were told of them get a mail.
        """
        answer: TermsWithdrawn = self.call(
            "POST",
            f"/api/v1/terms/{quoted(terms)}/withdraw",
            idempotency_key=idempotency_key,
        )
        return answer
