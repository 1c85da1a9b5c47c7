"""The rooms of `tracking` hold all of it and say what; every package has an order of import."""

from __future__ import annotations

import ast
import tomllib
from typing import Any

import pytest

from tests.architecture.source import PACKAGES, ROOT, modules, relative, tree

TRACKING = ROOT / "tracking"
NO_ROOMS = {"management", "migrations"}  # Django finds its commands and migrations only there
CONTRACT = "The rooms of tracking import downward only"


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def rooms() -> set[str]:
    parts = [relative(path).split("/") for path in modules()]
    return {part[1] for part in parts if part[0] == "tracking" and len(part) > 2} - NO_ROOMS


def test_no_module_of_tracking_is_outside_of_a_room() -> None:
    loose = [path.name for path in modules() if path.parent == TRACKING]

    assert loose == ["__init__.py", "apps.py"]


def test_the_order_of_the_rooms_names_every_room() -> None:
    [contract] = [one for one in contracts() if one["name"] == CONTRACT]
    ordered = [room for layer in contract["layers"] for room in layer.split(" | ")]

    assert contract["exhaustive"]
    assert sorted(ordered) == sorted({*rooms(), "management"})


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_says_what_it_holds(room: str) -> None:
    assert ast.get_docstring(tree(TRACKING / room / "__init__.py"))


@pytest.mark.parametrize("room", sorted(rooms() - {"models"}))
def test_a_room_passes_on_nothing_of_its_modules(room: str) -> None:
    """Callers name the module, so that a name is found where it is defined."""
    assert len(tree(TRACKING / room / "__init__.py").body) == 1


@pytest.mark.parametrize("room", sorted(rooms()))
def test_the_map_names_the_room(room: str) -> None:
    assert f"| `tracking/{room}` |" in (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_part_of_a_package_has_its_place_in_an_order(package: str) -> None:
    [contract] = [
        one for one in contracts() if one.get("exhaustive") and one["containers"] == [package]
    ]

    assert contract["type"] == "layers"
    assert contract["exhaustive_ignores"] == ["apps", "migrations"]


def test_packages_that_come_later_have_their_place() -> None:
    order = [name for one in contracts() for layer in one["layers"] for name in layer.split(" | ")]

    assert {"(edge)", "(integrations)", "(webhooks)", "(providers)"} <= set(order)
