"""The rows of tabs above the pages of a section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse

from brand_admin.tabs import SECTION_TABS, Group, Tab

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
def rows_of_tabs(context: dict[str, Any], section: str, current: str) -> list[TabRow]:
    """Return the row of a section's tabs; below it that of the current tab's group, if any."""
    rows = [TabRow(section, [])]
    for one in SECTION_TABS[section]:
        if not isinstance(one, Group):
            rows[0].tabs.append(_shown(context, one, current))
            continue
        inside = [_shown(context, tab, current) for tab in one.tabs]
        is_current = any(tab.is_current for tab in inside)
        rows[0].tabs.append(ShownTab(one.label, inside[0].href, is_current, ""))
        if is_current:
            rows.append(TabRow(one.label, inside))
    return rows


def _shown(context: dict[str, Any], tab: Tab, current: str) -> ShownTab:
    href = reverse(f"brand_admin:{tab.name}", args=[context["brand"].slug])
    count = context.get(tab.count) or "" if tab.count else ""
    return ShownTab(tab.label, href, tab.key == current, count)
