"""The actor of a change. Every service takes `by: Actor`, and the audit log stores its label."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Actor:
    """`label` is what the audit log shows."""

    label: str
    user_id: int | None = None

    @classmethod
    def of_user(cls, user: User) -> Actor:
        return cls(label=f"{user} <{user.email}>" if user.name else user.email, user_id=user.pk)

    @classmethod
    def of_api_key(cls, key: ApiKey) -> Actor:
        return cls(label=f"API key {key.label} ({key.prefix})")

    @classmethod
    def of_member(cls, name: str) -> Actor:
        return cls(label=f"member {name}")

    @classmethod
    def system(cls, what: str) -> Actor:
        return cls(label=what)
