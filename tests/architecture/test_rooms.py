"""`tracking` holds rooms and nothing else, and each says what it holds."""

from __future__ import annotations

import ast
import tomllib

import pytest

from tests.architecture.source import ROOT, modules, relative, tree

TRACKING = ROOT / "tracking"
NO_ROOMS = {"management", "migrations"}  # Django finds its commands and migrations only there
CONTRACT = "The rooms of tracking import downward only"


def rooms() -> set[str]:
    parts = [relative(path).split("/") for path in modules()]
    return {part[1] for part in parts if part[0] == "tracking" and len(part) > 2} - NO_ROOMS


def test_no_module_of_tracking_is_outside_of_a_room() -> None:
    loose = [path.name for path in modules() if path.parent == TRACKING]

    assert loose == ["__init__.py", "apps.py"]


def test_the_order_of_the_rooms_names_every_room() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [contract] = [
        one for one in settings["tool"]["importlinter"]["contracts"] if one["name"] == CONTRACT
    ]
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
