"""Offers and their terms, as they are shown and sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.ids import OfferId, TermsId
from api.schemas.parts import (
    Amount,
    Asked,
    AskedWholePage,
    BasisPoints,
    Currency,
    Moment,
    MomentShown,
    MoneyShown,
    NoNul,
    Sent,
    Shown,
)
from offers.models import MAX_CUSTOMER_DAYS
from offers.structure import MAX_RULES, MAX_TIERS
from offers.terms import MAX_HOLD_DAYS, MAX_RULE_VALUE_LENGTH

Kind = Literal["link", "code", "both"]
Status = Literal["active", "paused", "ended", "archived"]
Period = Literal["day", "month", "always"]
RuleName = Literal["product", "collection", "customer", "code"]
OfferName = Annotated[str, NoNul, Field(min_length=1, max_length=120)]
Address = Annotated[str, NoNul, Field(min_length=8, max_length=2_000)]
Domains = Annotated[
    list[Annotated[str, NoNul, Field(min_length=1, max_length=253)]], Field(max_length=50)
]


class TierShown(Shown):
    """Another rate from a threshold on: sales less refunds, or accepted conversions."""

    name: str
    from_sales: MoneyShown | None
    from_conversions: int | None
    percent_bp: int
    fixed: MoneyShown


class RuleShown(Shown):
    kind: RuleName
    value: str
    percent_bp: int
    fixed: MoneyShown


class TermsShown(Shown):
    """One version of what an offer pays. `percent_bp` are basis points: 1000 is 10%."""

    id: TermsId
    offer: OfferId
    version: int
    state: Literal["past", "in_force", "planned", "withdrawn"]
    starts_at: MomentShown
    percent_bp: int
    fixed: MoneyShown = Field(description="For each conversion, besides the percentage.")
    fixed_after_refund: Literal["whole", "share"]
    per_click: MoneyShown
    tiers: list[TierShown]
    tier_by: Literal["sales", "conversions"]
    tier_period: Period
    rules: list[RuleShown]
    cap: MoneyShown | None = Field(description="The most that a member earns in each period.")
    cap_period: Period
    hold_days: int
    approval: Literal["automatic", "by_hand"]
    words: str = Field(description="The same in a sentence, as members read it.")


class OfferShown(Shown):
    """What members promote. `terms` is the version in force now."""

    id: OfferId
    name: str
    description: str
    kind: Kind
    status: Status
    currency: str
    destination_url: str
    allowed_domains: list[str]
    deep_links_allowed: bool
    own_slugs_allowed: bool
    click_window_days: int
    remembers_customers: bool
    customer_window_days: int
    code_pattern: str
    utm_template: str
    starts_at: MomentShown | None
    ends_at: MomentShown | None
    version: int
    created_at: MomentShown
    terms: TermsId | TermsShown


class AskedOffers(AskedWholePage):
    search: str = Field("", max_length=120, description="A part of the name.")
    status: Status | Literal[""] = ""
    kind: Kind | Literal[""] = ""


class AskedOffer(Asked):
    pass


class Tier(Sent):
    """Its threshold is `from_sales` or `from_conversions`, as `tier_by` says."""

    name: Annotated[str, NoNul, Field(min_length=1, max_length=40)]
    from_sales: Amount | None = None
    from_conversions: Annotated[int, Field(ge=1)] | None = None
    percent_bp: BasisPoints = 0
    fixed: Amount = "0"


class Rule(Sent):
    kind: RuleName
    value: Annotated[str, NoNul, Field(min_length=1, max_length=MAX_RULE_VALUE_LENGTH)]
    percent_bp: BasisPoints = 0
    fixed: Amount = "0"


class TermsSent(Sent):
    """What an offer pays. Amounts are in its currency."""

    percent_bp: BasisPoints = 0
    fixed: Amount = "0"
    fixed_after_refund: Literal["whole", "share"] = "whole"
    per_click: Amount = "0"
    tiers: Annotated[list[Tier], Field(max_length=MAX_TIERS)] = []
    tier_by: Literal["sales", "conversions"] = "sales"
    tier_period: Literal["month", "always"] = "always"
    rules: Annotated[list[Rule], Field(max_length=MAX_RULES)] = []
    cap: Amount | None = None
    cap_period: Period = "month"
    hold_days: Annotated[int, Field(ge=0, le=MAX_HOLD_DAYS)] = 0
    approval: Literal["automatic", "by_hand"] = "automatic"
    may_pay_nothing: bool = Field(False, description="Say that terms that pay nothing are meant.")


class NewTerms(TermsSent):
    """The next version. It applies from `starts_at` on, or from now."""

    starts_at: Moment | None = None
    tells_members: bool = Field(False, description="Mail all active members of the offer.")
    replaces: TermsId | None = Field(None, description="A version that has not begun.")


class NewOffer(Sent):
    name: OfferName
    kind: Kind
    currency: Currency
    destination_url: Address
    terms: TermsSent
    description: Annotated[str, NoNul, Field(max_length=2_000)] = ""
    allowed_domains: Domains = []
    deep_links_allowed: bool = True
    own_slugs_allowed: bool = True
    click_window_days: Annotated[int, Field(ge=1, le=365)] = 28
    remembers_customers: bool = False
    customer_window_days: Annotated[int, Field(ge=1, le=MAX_CUSTOMER_DAYS)] = 365
    code_pattern: Annotated[str, NoNul, Field(max_length=60)] = "{FIRST_NAME}"
    utm_template: Annotated[str, NoNul, Field(max_length=500)] = ""
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class OfferChange(Sent):
    """What is left out stays. `starts_at` and `ends_at` may be null: no limit."""

    name: OfferName | None = None
    kind: Kind | None = None
    destination_url: Address | None = None
    description: Annotated[str, NoNul, Field(max_length=2_000)] | None = None
    allowed_domains: Domains | None = None
    deep_links_allowed: bool | None = None
    own_slugs_allowed: bool | None = None
    click_window_days: Annotated[int, Field(ge=1, le=365)] | None = None
    remembers_customers: bool | None = None
    customer_window_days: Annotated[int, Field(ge=1, le=MAX_CUSTOMER_DAYS)] | None = None
    code_pattern: Annotated[str, NoNul, Field(max_length=60)] | None = None
    utm_template: Annotated[str, NoNul, Field(max_length=500)] | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    version: int | None = Field(None, description="Refuse with 409 if it is another by now.")


class StatusChange(Sent):
    status: Status
    version: int | None = Field(None, description="Refuse with 409 if it is another by now.")


class TermsChanged(Shown):
    """The new version, and how many members get a mail about it."""

    terms: TermsShown
    told: int


class TermsWithdrawn(Shown):
    """How many members get a mail that these terms do not come."""

    told: int


class EveryVersion(Shown):
    """All versions of an offer's terms, the first one first, also withdrawn ones."""

    data: list[TermsShown]
