"""The product's own source, read and not run: every rule is asked of every file."""

from __future__ import annotations

import ast
import gc
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "config",
    "brand_admin",
    "portal",
    "api",
    "notices",
    "integrations",
    "webhooks",
    "tracking",
    "payouts",
    "offers",
    "affiliates",
    "notifications",
    "accounts",
    "background",
    "core",
)


@cache
def our_files() -> tuple[Path, ...]:
    """Every file that is ours, by git's word: known to it, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return tuple(ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file())


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules() -> Iterator[Path]:
    """The Python files of the packages, migrations aside."""
    for path in our_files():
        parts = relative(path).split("/")
        if path.suffix == ".py" and parts[0] in PACKAGES and "migrations" not in parts:
            yield path


def migrations() -> Iterator[Path]:
    for path in our_files():
        if path.parent.name == "migrations" and path.suffix == ".py" and path.stem != "__init__":
            yield path


def templates() -> Iterator[Path]:
    for path in our_files():
        if relative(path).startswith("templates/"):
            yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file.

    Without garbage collection meanwhile: Python 3.11 fails ("AST constructor recursion depth
    mismatch") when a collection runs other code that builds trees (CPython gh-106905).
    """
    gc.disable()
    try:
        return ast.parse(path.read_text(), filename=str(path))
    finally:
        gc.enable()


def calls(path: Path, name: str) -> Sequence[ast.Call]:
    """Calls of `name`, whether imported or reached through a module."""
    return _calls(path).get(name, [])


@cache
def _calls(path: Path) -> dict[str, list[ast.Call]]:
    """All calls in a file by the last name of what they call."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            found.setdefault(name, []).append(node)
    return found


def imported(path: Path) -> tuple[str, ...]:
    """The dotted names of the modules that a file imports, wherever it does."""
    return _imported(path, is_start=False)


def imported_at_the_start(path: Path) -> tuple[str, ...]:
    """Those that it imports when it is imported itself."""
    return _imported(path, is_start=True)


@cache
def _imported(path: Path, *, is_start: bool) -> tuple[str, ...]:
    found: list[str] = []
    for node in tree(path).body if is_start else ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)
