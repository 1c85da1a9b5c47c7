"""The permissions of each role."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import Role


class Permission(StrEnum):
    READ = "read"  # every page of the brand
    MANAGE = "manage"  # offers, members, projects, conversions, emails
    PAY = "pay"  # record payments
    ADMINISTER = "administer"  # brand settings, staff, API keys
    OWN_ACCOUNT = "own account"  # one's own sessions, and nothing of the brand


ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset(
        {Permission.READ, Permission.MANAGE, Permission.PAY, Permission.OWN_ACCOUNT}
    ),
    Role.VIEWER: frozenset({Permission.READ, Permission.OWN_ACCOUNT}),
}


def may(role: str, permission: Permission) -> bool:
    return permission in ALLOWED[Role(role)]
