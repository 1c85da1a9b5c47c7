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
from tests.conftest import SLOW_FIRST, in_shares


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
def test_all_tests_run_in_one_process_more_than_there_are_processors(given: list[str]) -> None:
    processes = int(os.sysconf("SC_NPROCESSORS_ONLN")) + 1

    assert f"-n {processes} --dist worksteal" in command_for(*given)
    assert "-n 7 --dist worksteal" in command_for("PROCESSES=7", *given)


def test_every_slow_place_that_starts_first_is_there() -> None:
    assert [name for name in SLOW_FIRST if not (CHECKOUT.root / name).exists()] == []


def test_each_process_starts_with_slow_tests_and_the_others_keep_their_order() -> None:
    names = ["tests/api/test_v1.py::b", "tests/api/test_v1.py::a",
             "tests/faults/test_web.py::c", "tests/journeys/test_sale.py::d"]  # fmt: skip
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]

    one, two = in_shares(items, 1), in_shares(items, 2)

    assert [item.nodeid for item in one] == [names[3], names[2], *names[:2]]
    assert [item.nodeid for item in two] == [names[3], names[0], names[2], names[1]]


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
def test_no_test_is_left_out_and_none_comes_twice(processes: int) -> None:
    """Also where the slow ones are more than the share of a process."""
    slow = [f"{place}::{number}" for place in SLOW_FIRST for number in range(5)]
    names = [*slow, *(f"tests/api/test_v1.py::{number}" for number in range(9))]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]

    sorted_ones = in_shares(items, processes)

    assert sorted(item.nodeid for item in sorted_ones) == sorted(names)


def test_a_run_is_on_disk_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MIN_FREE_MEMORY", 2**60)

    assert services.place_for_tests() == services.DISK


def test_a_run_is_on_disk_where_memory_has_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(services, "MEMORY", tmp_path / "none")

    assert services.place_for_tests() == services.DISK
