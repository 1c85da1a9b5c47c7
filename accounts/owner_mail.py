"""Mail what a brand's owners have to know, such as a shop that fell silent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from accounts.admin_links import admin_address
from accounts.models import Role
from accounts.selectors import current_brand, staff_of_brand
from core.languages import ENGLISH
from core.transactional_mail import TransactionalMailError, send_transactional_mail


def mail_owners(template: str, *, page: str = "", values: Mapping[str, object]) -> None:
    """Mail every owner of the brand acted for, except those whose login is deactivated.

    The template is given `values`, the brand's name as `brand`, and as `site` the address of the
    `page` of its admin where they see to it. A mail that can't be sent is logged there.
    """
    brand = current_brand()
    given = {"brand": brand.name, "site": admin_address(brand, page), **values}
    for owner in staff_of_brand().filter(role=Role.OWNER, user__is_active=True):
        with suppress(TransactionalMailError):
            send_transactional_mail(template, to=owner.user.email, language=ENGLISH, values=given)
