"""Every command of the README works, or says what to run, where only `make setup` ran."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from config.local.folders import CHECKOUT, Checkout
from config.local.keys import kept_secrets
from config.local.services import LocalServices
from core.commands import OUTDATED_DATABASE
from tests.core.test_commands import ARGUMENTS
from tests.local.test_run import NOT_COPIED
from tests.services import RunServices, start_services

# Wrong arguments, or something that is not there yet: a sentence about it.
REFUSED = 1
MIGRATES = "Bringing the database up to date ..."
# Runs one command after another as manage.py does, with what each said on stderr and how it ended.
ALL_IN_ONE_PROCESS = """
import contextlib, io, json, sys, manage

answers = {}
for name, arguments in json.loads(sys.argv[1]).items():
    sys.argv = ["manage.py", name, *arguments]
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            manage.main()
        except SystemExit as end:
            code = end.code
    answers[name] = code, said.getvalue()
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the code, in which nothing has run."""
    place = Checkout(tmp_path_factory.mktemp("fresh") / "copy")
    shutil.copytree(CHECKOUT.root, place.root, ignore=NOT_COPIED)
    yield place
    postgres = LocalServices(place).postgres(kept_secrets(place.secrets))
    shutil.rmtree(postgres.home, ignore_errors=True)


def manage(place: Checkout, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=place.root, env={"PATH": os.environ["PATH"], "HOME": str(place.root), **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def commands_of_readme() -> list[str]:
    readme = (CHECKOUT.root / "README.md").read_text()
    [block] = re.findall(r"manage\.py …`\n\n((?: {4}.+\n)+)", readme)
    return [line.split()[0] for line in block.splitlines()]


def test_the_readme_names_every_command() -> None:
    assert sorted(commands_of_readme()) == sorted(ARGUMENTS)


def test_the_first_command_makes_the_tables_and_the_next_says_nothing_of_it(
    fresh: Checkout,
) -> None:
    asked = manage(fresh, "create_brand", "--help")
    first = manage(fresh, "create_brand", *ARGUMENTS["create_brand"])
    second = manage(fresh, "create_operator", *ARGUMENTS["create_operator"])

    assert (asked.returncode, asked.stderr) == (0, "")
    assert (first.returncode, first.stderr.splitlines()[0]) == (0, MIGRATES)
    assert (second.returncode, second.stderr.count(MIGRATES)) == (0, 0)


@pytest.fixture(scope="module")
def answers(fresh: Checkout) -> dict[str, tuple[int, str]]:
    """How each command of the README ended, and what it said on stderr."""
    file = fresh.root / "empty.csv"
    file.write_text("")
    given = {
        name: [word.format(file=file) for word in ARGUMENTS[name]]
        for name in commands_of_readme()
        if name not in {"load_demo", "store_clicks"}  # the latter runs until it is stopped
    }

    done = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE_PROCESS, json.dumps(given)],
        cwd=fresh.root, env={"PATH": os.environ["PATH"], "HOME": str(fresh.root)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    answers: dict[str, tuple[int, str]] = json.loads(done.stdout)
    assert answers.keys() == given.keys()
    return answers


def test_each_command_works_or_says_in_a_sentence_why_not(
    answers: dict[str, tuple[int, str]],
) -> None:
    for name, (code, said) in answers.items():
        refusals = [line for line in said.splitlines() if line.startswith("CommandError: ")]
        assert (code, len(refusals)) in {(0, 0), (REFUSED, 1)}, (name, said)
        assert "Traceback" not in said


def test_addresses_need_the_demo(answers: dict[str, tuple[int, str]]) -> None:
    assert "run `manage.py load_demo` first" in answers["addresses"][1]


@pytest.fixture
def elsewhere() -> Iterator[RunServices]:
    """A PostgreSQL that is not the checkout's own."""
    services = start_services()
    yield services
    services.stop()


def test_nobody_elses_database_is_migrated(fresh: Checkout, elsewhere: RunServices) -> None:
    done = manage(fresh, "reconcile", DATABASE_URL=elsewhere.postgres.url)

    assert (done.returncode, done.stderr.strip()) == (
        REFUSED, f"CommandError: {OUTDATED_DATABASE} Nothing was changed.",
    )  # fmt: skip
