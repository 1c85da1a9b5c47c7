"""What each role may do, in one place."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import Role


class Permission(StrEnum):
    READ = "read"  # every page of the brand
    MANAGE = "manage"  # offers, members, projects, conversions, emails
    PAY = "pay"  # record payments
    ADMINISTER = "administer"  # brand settings, staff, API keys


ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset({Permission.READ, Permission.MANAGE, Permission.PAY}),
    Role.VIEWER: frozenset({Permission.READ}),
}


def may(role: str, permission: Permission) -> bool:
    return permission in ALLOWED[Role(role)]
