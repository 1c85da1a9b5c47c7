"""Each limit is stated for whoever runs the product, and each kind of process has its own."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT
from tests.architecture.test_settings import COMPLETE, load

READ = re.compile(r"env\.\w+\(\s*\"([A-Z_]+)\"")
LIMITS = READ.findall((ROOT / "config/limits.py").read_text())


@pytest.mark.parametrize("name", [name for name in LIMITS if name != "TRIBUTARY_MODE"])
def test_every_limit_is_in_the_documents(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/production.md").read_text()


@pytest.mark.parametrize(("process", "seconds"), [("web", 5), ("worker", 60), ("command", 0)])
def test_a_kind_of_process_has_its_own_limits(process: str, seconds: int) -> None:
    loaded = load(
        COMPLETE | {"TRIBUTARY_PROCESS": process},
        "print(round(settings.limits.DATABASE_LIMITS.statement))",
    )

    assert (loaded.stdout.strip(), loaded.stderr) == (str(seconds), "")


def test_an_unknown_kind_of_process_is_refused() -> None:
    loaded = load(COMPLETE | {"TRIBUTARY_PROCESS": "bakery"})

    assert "TRIBUTARY_PROCESS is 'bakery'" in loaded.stderr
