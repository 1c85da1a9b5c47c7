"""Shared. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Changed(TypedDict):
    """How many rows changed; the others were as asked already."""

    changed: int


class ConversionShown(TypedDict):
    """An order that is credited to a member, whole or by share. `decision` is what staff or the
    terms decided; the state of the order can stand above it, and `status` is what counts.
    `share_bp` are basis points of the order; 0: it went to others.
    """

    id: str
    order: str | OrderListed
    member: str | MemberShown
    offer: str | OfferShown
    enrollment: str | EnrollmentShown
    terms: str
    status: Literal["pending", "accepted", "rejected"]
    reason: str
    is_held: bool
    decision: Literal["pending", "accepted", "rejected"]
    evidence: Literal["code", "click", "customer", "by_hand"]
    why: str
    found: list[FoundShown]
    share_bp: int
    share_reason: str
    occurred_at: str
    payable_at: str
    sale: MoneyShown
    refunded: MoneyShown
    commission: MoneyShown
    earnable: MoneyShown
    rate: str | None
    rate_on: str | None


class EnrollmentShown(TypedDict):
    """A member in an offer, with the code and the link that they share now."""

    id: str
    member: str | MemberShown
    offer: str | OfferShown
    status: Literal["active", "inactive", "removed"]
    joined_at: str
    away_since: str | None
    code: str | None
    link: str | None


class FoundShown(TypedDict):
    """One piece of evidence of the order."""

    evidence: str
    words: str


class MemberShown(TypedDict):
    """A person in the brand. `owner` is the address of who looks after them on the team."""

    id: str
    email: str
    first_name: str
    last_name: str
    tags: list[str]
    handles: dict[str, str]
    owner: str | None
    version: int
    joined_at: str
    deleted_at: str | None


class MoneyShown(TypedDict):
    """An amount as decimal text, the same in minor units, and its currency."""

    amount: str
    minor: int
    currency: str


class OfferShown(TypedDict):
    """What members promote. `terms` is the version in force now."""

    id: str
    name: str
    description: str
    kind: Literal["link", "code", "both"]
    status: Literal["active", "paused", "ended", "archived"]
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
    starts_at: str | None
    ends_at: str | None
    version: int
    created_at: str
    terms: str | TermsShown


class OrderInBatch(TypedDict):
    order_id: str
    source: str
    outcome: Literal["recorded", "unattributed", "duplicate", "revised", "superseded"]
    reasons: list[Reason]
    index: int
    status: int


class OrderLine(TypedDict):
    line_id: NotRequired[str | int | None]
    sku: NotRequired[str | int | None]
    product: NotRequired[str | int | None]
    quantity: float | str
    unit_price: str | float
    discount: NotRequired[str | float | None]
    collections: NotRequired[list[str | int] | str | int | None]
    commissionable: NotRequired[bool | Literal["true", "yes", "1", "false", "no", "0", 0, 1] | None]


class OrderListed(TypedDict):
    """An order as it is now. `/orders/{source}/{order_id}` shows whom it is credited to."""

    id: str
    order_id: str
    source: str
    number: str
    ordered_at: str
    received_at: str
    updated_at: str
    revision: int
    total: MoneyShown
    payment_status: Literal["pending", "paid", "voided"]
    cancelled_at: str | None
    is_test: bool
    promo_codes: list[str]
    unattributed: str | None


class OrderSent(TypedDict):
    source: NotRequired[str]
    order_id: str | int
    number: NotRequired[str | int | None]
    ordered_at: str | int
    currency: str
    customer_id: NotRequired[str | int | None]
    promo_codes: NotRequired[list[str | int | None] | str | int | None]
    promo_code: NotRequired[list[str | int | None] | str | int | None]
    click_id: NotRequired[str | int | None]
    customer_email: NotRequired[str | int | None]
    referrer: NotRequired[str | int | None]
    new_customer: NotRequired[bool | Literal["true", "yes", "1", "false", "no", "0", 0, 1] | None]
    payment_status: NotRequired[Literal["paid", "pending", "voided"] | None]
    cancelled_at: NotRequired[str | int | None]
    is_test: NotRequired[bool | Literal["true", "yes", "1", "false", "no", "0", 0, 1] | None]
    updated_at: NotRequired[str | int | None]
    lines: list[OrderLine]


class OrderTaken(TypedDict):
    """`reasons` says why no member is credited."""

    order_id: str
    source: str
    outcome: Literal["recorded", "unattributed", "duplicate", "revised", "superseded"]
    reasons: list[Reason]


class ProblemDetails(TypedDict):
    """Why an item or request was refused (RFC 9457). Other members depend on `code`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    problems: list[Reason]
    current: NotRequired[dict[str, Any] | None]


class Reason(TypedDict):
    """One field, and what is wrong with it."""

    field: str
    code: str
    message: str


class RefundInBatch(TypedDict):
    refund_id: str
    source: str
    outcome: Literal["recorded", "parked", "duplicate", "replaced"]
    applied: NotRequired[str | None]
    reasons: list[Reason]
    index: int
    status: int


class RefundLine(TypedDict):
    line_id: NotRequired[str | int | None]
    sku: NotRequired[str | int | None]
    quantity: NotRequired[float | str | None]
    amount: NotRequired[str | float | None]


class RefundListed(TypedDict):
    """A refund; `amount` is what it takes from its order, `reason` says why that is less."""

    id: str
    refund_id: str
    source: str
    order_id: str
    order: str | None
    amount: MoneyShown
    asked: MoneyShown | None
    lines: list[RefundedLineShown]
    refunded_at: str
    received_at: str
    state: Literal["parked", "applied", "undone"]
    reason: str


class RefundSent(TypedDict):
    source: NotRequired[str]
    refund_id: str | int
    order_id: str | int
    refunded_at: str | int
    currency: str
    line_id: NotRequired[str | int | None]
    sku: NotRequired[str | int | None]
    quantity: NotRequired[float | str | None]
    amount: NotRequired[str | float | None]
    lines: NotRequired[list[RefundLine] | None]


class RefundTaken(TypedDict):
    """`reasons` says why less was `applied` than the refund asks for. Null: nothing yet."""

    refund_id: str
    source: str
    outcome: Literal["recorded", "parked", "duplicate", "replaced"]
    applied: NotRequired[str | None]
    reasons: list[Reason]


class RefundedLineShown(TypedDict):
    """What was asked for a line. An amount of null: the quantity's share, or all that is left."""

    line_id: str
    sku: str
    quantity: int | str | None
    amount: str | None


class RefusedInBatch(TypedDict):
    index: int
    status: int
    problem: ProblemDetails


class Rule(TypedDict):
    kind: Literal["product", "collection", "customer", "code"]
    value: str
    percent_bp: NotRequired[int]
    fixed: NotRequired[str | float]


class RuleShown(TypedDict):
    kind: Literal["product", "collection", "customer", "code"]
    value: str
    percent_bp: int
    fixed: MoneyShown


class TermsShown(TypedDict):
    """One version of what an offer pays. `percent_bp` are basis points: 1000 is 10%."""

    id: str
    offer: str
    version: int
    state: Literal["past", "in_force", "planned", "withdrawn"]
    starts_at: str
    percent_bp: int
    fixed: MoneyShown
    fixed_after_refund: Literal["whole", "share"]
    per_click: MoneyShown
    tiers: list[TierShown]
    tier_by: Literal["sales", "conversions"]
    tier_period: Literal["day", "month", "always"]
    rules: list[RuleShown]
    cap: MoneyShown | None
    cap_period: Literal["day", "month", "always"]
    hold_days: int
    approval: Literal["automatic", "by_hand"]
    words: str


class Tier(TypedDict):
    """Its threshold is `from_sales` or `from_conversions`, as `tier_by` says."""

    name: str
    from_sales: NotRequired[str | float | None]
    from_conversions: NotRequired[int | None]
    percent_bp: NotRequired[int]
    fixed: NotRequired[str | float]


class TierShown(TypedDict):
    """Another rate from a threshold on: sales less refunds, or accepted conversions."""

    name: str
    from_sales: MoneyShown | None
    from_conversions: int | None
    percent_bp: int
    fixed: MoneyShown
