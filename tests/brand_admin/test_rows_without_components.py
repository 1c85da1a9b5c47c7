"""A list of several rows renders as few templates and nested components as a list of one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.template.base import Template
from django.test import Client

from brand_admin.listing import cells
from core.components import calls
from tests.brand_admin.desk import at, desk_of, sell
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often Django rendered a template, and compiled code a component."""
    found: Counter[str] = Counter()

    def counting(owner: Any, name: str) -> None:
        before = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            found[name] += 1
            return before(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    counting(Template, "render")
    counting(calls, "_inside")
    counting(cells, "component")
    return found


def test_rows_of_conversions_render_no_template_each(cast: Cast, rendered: Counter[str]) -> None:
    ines: Client = desk_of(cast.ines)
    address = at(cast.juniper, "conversions")

    def open_list(conversions: int) -> Counter[str]:
        for number in range(conversions):
            sell(cast, f"{conversions}-{number}")
        ines.get(address)
        rendered.clear()
        assert ines.get(address).status_code == 200
        return rendered.copy()

    assert open_list(1) == open_list(4)
