"""The packages in `tracking` hold all of it and say what; every package has an order of import."""

from __future__ import annotations

import ast
import tomllib
from typing import Any

import pytest

from tests.architecture.source import PACKAGES, ROOT, modules, relative, tree

TRACKING = ROOT / "tracking"
DJANGO_FOLDERS = {"management", "migrations"}  # Django finds its commands and migrations only there
CONTRACT = "The packages in tracking import downward only"


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def tracking_packages() -> set[str]:
    parts = [relative(path).split("/") for path in modules()]
    return {part[1] for part in parts if part[0] == "tracking" and len(part) > 2} - DJANGO_FOLDERS


def test_no_module_of_tracking_is_outside_of_a_package() -> None:
    loose = [path.name for path in modules() if path.parent == TRACKING]

    assert loose == ["__init__.py", "apps.py"]


def test_the_order_names_every_package_in_tracking() -> None:
    [contract] = [one for one in contracts() if one["name"] == CONTRACT]
    ordered = [name for layer in contract["layers"] for name in layer.split(" | ")]

    assert contract["exhaustive"]
    assert sorted(ordered) == sorted({*tracking_packages(), "management"})


@pytest.mark.parametrize("package", sorted(tracking_packages()))
def test_a_package_says_what_it_holds(package: str) -> None:
    assert ast.get_docstring(tree(TRACKING / package / "__init__.py"))


@pytest.mark.parametrize("package", sorted(tracking_packages() - {"models"}))
def test_a_package_passes_on_nothing_of_its_modules(package: str) -> None:
    """Callers name the module, so that a name is found where it is defined."""
    assert len(tree(TRACKING / package / "__init__.py").body) == 1


@pytest.mark.parametrize("package", sorted(tracking_packages()))
def test_the_map_names_the_package(package: str) -> None:
    assert f"| `tracking/{package}` |" in (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_part_of_a_package_has_its_place_in_an_order(package: str) -> None:
    [contract] = [
        one for one in contracts() if one.get("exhaustive") and one["containers"] == [package]
    ]

    assert contract["type"] == "layers"
    assert contract["exhaustive_ignores"] == ["apps", "migrations"]


def test_packages_that_come_later_have_their_place() -> None:
    order = [name for one in contracts() for layer in one["layers"] for name in layer.split(" | ")]

    assert "(providers)" in order
