"""Keys as the lists of Connections show them: secret, publishable and postback keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.api_keys import beginning_of
from accounts.models import EVERY_SCOPE, ApiKey, Brand, KeyKind
from accounts.selectors import keys_with_test_keys


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key in a list. A test key is shown in live mode too; `slug` is that of its brand."""

    key: ApiKey
    slug: str
    is_test: bool
    has_expired: bool

    @property
    def text(self) -> str:
        """A publishable key whole; how another key begins."""
        kind = KeyKind(self.key.kind)
        text = f"{beginning_of(kind, is_test=self.is_test)}{self.key.prefix}"
        return text if kind == KeyKind.PUBLISHABLE else f"{text}_"

    @property
    def scopes(self) -> str:
        may_everything = set(self.key.scopes) == set(EVERY_SCOPE)
        return "everything" if may_everything else ", ".join(self.key.scopes)

    @property
    def last_moment(self) -> datetime | None:
        """Within the last day on which the key works."""
        expires_at = self.key.expires_at
        return expires_at - timedelta(microseconds=1) if expires_at else None


def key_rows(brand: Brand, kind: KeyKind) -> list[KeyRow]:
    """Return the keys of this kind of the brand, and of its test brand, newest first."""
    now = timezone.now()
    found = keys_with_test_keys(brand, kind)
    return [KeyRow(key, of.slug, of.is_test, key.has_expired(now)) for of, key in found]
