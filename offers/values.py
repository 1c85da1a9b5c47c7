"""The fields of an offer that staff can edit, and their rules. Reads and writes no rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.text import one_line
from offers.destinations import DestinationError, read_addresses
from offers.fields import TOO_FAR, PatternError, is_too_far, read_code_pattern
from offers.models import MAX_CUSTOMER_DAYS, Offer, OfferKind
from offers.terms import OfferError
from offers.utm import UtmError, read_template

EDITABLE_FIELDS = (
    "name", "description", "kind", "destination_url", "allowed_domains", "deep_links_allowed",
    "own_slugs_allowed", "click_window_days", "remembers_customers", "customer_window_days",
    "code_pattern", "utm_template", "starts_at", "ends_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfferValues:
    """The fields of an offer that staff can edit, except terms and status."""

    name: str
    kind: str
    destination_url: str
    currency: str
    description: str = ""
    allowed_domains: Sequence[str] = ()
    deep_links_allowed: bool = True
    own_slugs_allowed: bool = True
    click_window_days: int = 28
    remembers_customers: bool = False
    customer_window_days: int = 365
    code_pattern: str = "{FIRST_NAME}"
    utm_template: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def checked_values(values: OfferValues, *, before: Offer | None = None) -> OfferValues:
    """Return the values as they are stored. Raises OfferError.

    Addresses, domains and times that the offer had before are left as they are.
    """
    name = one_line(values.name)
    if not name:
        raise OfferError("name", "an offer needs a name")
    if values.kind not in OfferKind.values:
        raise OfferError("kind", f"{values.kind!r} is not one of {', '.join(OfferKind.values)}")
    if not 1 <= values.click_window_days <= 365:
        raise OfferError("click_window_days", "the click window must be between 1 and 365 days")
    if not 1 <= values.customer_window_days <= MAX_CUSTOMER_DAYS:
        message = f"customers are remembered for 1 to {MAX_CUSTOMER_DAYS:,} days"
        raise OfferError("customer_window_days", message)
    _check_days(values, before)
    try:
        template = read_template(values.utm_template)
    except UtmError as error:
        raise OfferError("utm_template", str(error)) from error
    try:
        pattern = read_code_pattern(values.code_pattern)
    except PatternError as error:
        raise OfferError("code_pattern", str(error)) from error
    had = [before.destination_url, *before.allowed_domains] if before else []
    try:
        url, domains = read_addresses(values.destination_url, values.allowed_domains, had=had)
    except DestinationError as error:
        raise OfferError(error.field, str(error)) from error
    return replace(
        values,
        name=name,
        destination_url=url,
        allowed_domains=list(domains),
        code_pattern=pattern,
        utm_template=template,
    )


def _check_days(values: OfferValues, before: Offer | None) -> None:
    if values.starts_at and values.ends_at and values.starts_at >= values.ends_at:
        raise OfferError("ends_at", "the end must be after the start")
    for name in ("starts_at", "ends_at"):
        moment = getattr(values, name)
        if moment and moment != getattr(before, name, None) and is_too_far(moment):
            raise OfferError(name, TOO_FAR)


def assign_values(offer: Offer, values: OfferValues) -> None:
    """Set what staff can edit. It is not saved."""
    for name in EDITABLE_FIELDS:
        setattr(offer, name, getattr(values, name))
