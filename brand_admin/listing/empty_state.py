"""What a list shows instead of rows, and the buttons that lead from there to another page."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.permissions import Permission
from core.components.page_urls import page_url


@dataclass(frozen=True, slots=True)
class PageLink:
    """A button that leads to a page of the brand. `needs` is the permission to see the button."""

    label: str
    page: str
    icon: str = ""
    kind: str = "secondary"
    query: str = ""
    needs: Permission = Permission.READ
    args: tuple[int, ...] = ()

    def href(self, slug: str) -> str:
        return page_url(f"brand_admin:{self.page}", [slug, *self.args], {}) + self.query


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What a list without rows shows: what belongs there, and what to do next."""

    title: str
    text: str = ""
    icon: str = ""
    links: tuple[PageLink, ...] = ()
