"""Offers. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    OfferShown,
    Rule,
    Tier,
)


class NewOffer(TypedDict):
    name: str
    kind: Literal["link", "code", "both"]
    currency: str
    destination_url: str
    terms: TermsSent
    description: NotRequired[str]
    allowed_domains: NotRequired[list[str]]
    deep_links_allowed: NotRequired[bool]
    own_slugs_allowed: NotRequired[bool]
    click_window_days: NotRequired[int]
    remembers_customers: NotRequired[bool]
    customer_window_days: NotRequired[int]
    code_pattern: NotRequired[str]
    utm_template: NotRequired[str]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]


class OfferChange(TypedDict):
    """What is left out stays. `starts_at` and `ends_at` may be null: no limit."""

    name: NotRequired[str | None]
    kind: NotRequired[Literal["link", "code", "both"] | None]
    destination_url: NotRequired[str | None]
    description: NotRequired[str | None]
    allowed_domains: NotRequired[list[str] | None]
    deep_links_allowed: NotRequired[bool | None]
    own_slugs_allowed: NotRequired[bool | None]
    click_window_days: NotRequired[int | None]
    remembers_customers: NotRequired[bool | None]
    customer_window_days: NotRequired[int | None]
    code_pattern: NotRequired[str | None]
    utm_template: NotRequired[str | None]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    version: NotRequired[int | None]


class StatusChange(TypedDict):
    status: Literal["active", "paused", "ended", "archived"]
    version: NotRequired[int | None]


class TermsSent(TypedDict):
    """What an offer pays. Amounts are in its currency."""

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


class Offers(Caller):
    """The operations on offers."""

    def list_offers(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        status: Literal["active", "paused", "ended", "archived"] | None = None,
        kind: Literal["link", "code", "both"] | None = None,
    ) -> Iterator[OfferShown]:
        """GET /api/v1/offers: Return offers, the newest first. `expand=terms` shows what they
        pay now.
        """
        return self.pages(
            "/api/v1/offers",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "status": status,
                "kind": kind,
            },
        )

    def make_offer(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewOffer],
    ) -> OfferShown:
        """POST /api/v1/offers: Make an active offer with the first version of its terms. Its
        currency can't change.
        """
        answer: OfferShown = self.call(
            "POST",
            "/api/v1/offers",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_offer(
        self,
        offer: str,
        *,
        expand: str | None = None,
    ) -> OfferShown:
        """GET /api/v1/offers/{offer}: Return one offer."""
        answer: OfferShown = self.call(
            "GET",
            f"/api/v1/offers/{quoted(offer)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def change_offer(
        self,
        offer: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[OfferChange],
    ) -> OfferShown:
        """PATCH /api/v1/offers/{offer}: Change an offer. Its terms change by new versions, its
        status by another operation.
        """
        answer: OfferShown = self.call(
            "PATCH",
            f"/api/v1/offers/{quoted(offer)}",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def set_status_of_offer(
        self,
        offer: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[StatusChange],
    ) -> OfferShown:
        """POST /api/v1/offers/{offer}/status: Pause, resume, end or archive an offer. Clicks and
        orders of a pause never count.
        """
        answer: OfferShown = self.call(
            "POST",
            f"/api/v1/offers/{quoted(offer)}/status",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
