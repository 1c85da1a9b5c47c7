"""What `make test` starts: little for a few tests, everything for all of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.local.folders import CHECKOUT
from tests import services
from tests.conftest import SLOW_FIRST, pytest_collection_modifyitems


def command_for(*given: str) -> str:
    """What `make test` would run."""
    asked = subprocess.run(
        ["make", "--dry-run", "--assume-old=.venv/.requirements", "test", *given],
        cwd=CHECKOUT.root, env={"PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return asked.stdout.strip()


@pytest.mark.parametrize(
    "arguments", ["tests/core/test_money.py", "-k 'money and not share'", "tests/core -x"]
)
def test_a_few_tests_run_in_one_process(arguments: str) -> None:
    assert command_for(f"ARGS={arguments}").endswith(f"pytest -q -rs -n 0 {arguments}")


@pytest.mark.parametrize("given", [[], ["ARGS=-x"]])
def test_all_tests_run_on_every_processor(given: list[str]) -> None:
    assert "-n auto --dist worksteal" in command_for(*given)


def test_every_slow_place_that_starts_first_is_there() -> None:
    assert [name for name in SLOW_FIRST if not (CHECKOUT.root / name).exists()] == []


def test_slow_tests_start_first_and_the_others_keep_their_order() -> None:
    names = ["tests/api/test_v1.py::b", "tests/api/test_v1.py::a",
             "tests/journeys/test_sale.py::c", "tests/notifications/test_faults.py::d"]  # fmt: skip
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]

    pytest_collection_modifyitems(items)

    assert [item.nodeid for item in items] == [names[3], names[2], *names[:2]]


def test_a_run_is_on_disk_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MIN_FREE_MEMORY", 2**60)

    assert services.place_for_tests() == services.DISK


def test_a_run_is_on_disk_where_memory_has_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(services, "MEMORY", tmp_path / "none")

    assert services.place_for_tests() == services.DISK
