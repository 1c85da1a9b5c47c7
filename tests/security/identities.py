"""Who is who: what a road without proof may not move."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models import Staff, User
from affiliates.models import Creator
from core.tenancy import across_brands

Row = tuple[object, ...]


@dataclass(frozen=True)
class Identities:
    """Addresses with their proof, rights and passwords; roles; creators' logins; second factors."""

    users: frozenset[Row]
    roles: frozenset[Row]
    creators: frozenset[Row]
    authenticators: frozenset[Row]
    addresses: int

    @property
    def who(self) -> tuple[object, ...]:
        """The same without what everybody changes about themselves: passwords, second factors."""
        users = frozenset(row[:5] for row in self.users)
        return users, self.roles, self.creators, self.addresses


def identities() -> Identities:
    """Everything that says who somebody is, as it stands in the database now."""
    with across_brands(reason="a test looks at every role"):
        roles = frozenset(Staff.objects.values_list("brand_id", "user_id", "role"))
    columns = ("pk", "email", "email_proven_at", "is_staff", "is_superuser", "is_active")
    return Identities(
        users=frozenset(User.objects.values_list(*columns, "password")),
        roles=roles,
        creators=frozenset(Creator.objects.values_list("pk", "email", "user_id")),
        authenticators=frozenset(Authenticator.objects.values_list("pk", "user_id", "type")),
        addresses=EmailAddress.objects.count(),
    )
