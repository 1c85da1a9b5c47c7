"""Read brands and roles."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Brand, Staff, User
from core.tenancy import across_brands


@dataclass(frozen=True, slots=True)
class BrandRole:
    brand: Brand
    role: str


def brands_of(user: User) -> list[BrandRole]:
    """Every brand the user works for, by name."""
    with across_brands(reason="staff choose among their own brands"):
        rows = Staff.objects.filter(user=user).select_related("brand").order_by("brand__name")
        return [BrandRole(row.brand, row.role) for row in rows]


def role_in(*, user: User, slug: str) -> BrandRole | None:
    """The user's role in the brand of that slug; None also when there is no such brand."""
    with across_brands(reason="the address names the brand before anyone acts for it"):
        row = Staff.objects.filter(user=user, brand__slug=slug).select_related("brand").first()
        return BrandRole(row.brand, row.role) if row else None
