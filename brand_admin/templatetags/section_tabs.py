"""The rows of tabs above pages that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse

from brand_admin.tabs import TABS, Group, Tab

register = template.Library()


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab as the template shows it."""

    label: str
    href: str
    is_current: bool
    count: int | str


@dataclass(frozen=True, slots=True)
class TabRow:
    """A row of tabs and what it is called."""

    label: str
    tabs: list[ShownTab]


@register.simple_tag(takes_context=True)
def rows_of_tabs(
    context: dict[str, Any], of: str, current: str, about: int | str = ""
) -> list[TabRow]:
    """Return a row of tabs; below it that of the current tab's group, if any.

    `about` is the id in their addresses, if they are the parts of a page about one thing.
    """
    at = [context["brand"].slug, *([about] if about else [])]

    def shown(tab: Tab) -> ShownTab:
        count = context.get(tab.count) or "" if tab.count else ""
        href = reverse(f"brand_admin:{tab.name}", args=at)
        return ShownTab(tab.label, href, tab.key == current, count)

    rows = [TabRow(of, [])]
    for one in TABS[of]:
        if not isinstance(one, Group):
            rows[0].tabs.append(shown(one))
            continue
        inside = [shown(tab) for tab in one.tabs]
        is_current = any(tab.is_current for tab in inside)
        rows[0].tabs.append(ShownTab(one.label, inside[0].href, is_current, ""))
        if is_current:
            rows.append(TabRow(one.label, inside))
    return rows
