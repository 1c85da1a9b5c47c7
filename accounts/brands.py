"""Make a brand with its first owner.

An owner who has proven their address gets the role at once; anybody else is invited by mail.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.invitations import make_invitation, send_invitation
from accounts.models import Brand, Invitation, Role
from accounts.proven_addresses import user_with
from accounts.services import BrandError, give_role
from core.db import raises_if_taken
from core.money import is_in_use
from core.tenancy import acting_for


def create_brand(
    *,
    slug: str,
    name: str,
    currency: str,
    time_zone: str,
    owner_email: str,
    now: datetime,
    by: Actor,
) -> Brand:
    """Make a brand with its first owner, or mail them an invitation.

    The invitation stores whether the mail was accepted. Raises BrandError.
    """
    if not is_in_use(currency):
        raise BrandError("currency", f"{currency} is not a currency in use")
    if slug != slugify(slug) or not slug:
        raise BrandError("slug", f"{slug!r} is not a slug: use a-z, 0-9 and hyphens")
    if time_zone not in _time_zones():
        raise BrandError("time_zone", f"{time_zone!r} is not a time zone such as Europe/London")
    try:
        validate_email(owner_email.strip())
    except ValidationError as error:
        raise BrandError("owner", f"{owner_email!r} is not an email address") from error
    invitation: Invitation | None = None
    taken = partial(BrandError, "slug", f"there is a brand {slug!r} already")
    with transaction.atomic():
        with raises_if_taken("accounts_brand_slug_key", error=taken):
            brand = Brand.objects.create(
                slug=slug, name=name, currency=currency, time_zone=time_zone, created_at=now
            )
        with acting_for(brand):
            audit.record(action="brand.created", target=brand, by=by, now=now)
            owner = user_with(owner_email)
            if owner is not None:
                give_role(user=owner, role=Role.OWNER, by=by, now=now)
            else:
                invitation = make_invitation(email=owner_email, role=Role.OWNER, by=by, now=now)
    if invitation is not None:
        with acting_for(brand):
            send_invitation(invitation=invitation, by=by, now=now)
    return brand


@cache
def _time_zones() -> set[str]:
    """The names of all time zones. To find them opens several hundred files."""
    return available_timezones()
