"""Each limit is documented for the operator, and each kind of process has its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT
from tests.forked import COMPLETE, Load

PROCESS = "TRIBUTARY_PROCESS"
READ = re.compile(r"env\.\w+\(\s*\"([A-Z_]+)\"")
LIMITS = READ.findall((ROOT / "config/limits.py").read_text())


@pytest.mark.parametrize("name", [name for name in LIMITS if name != "TRIBUTARY_MODE"])
def test_every_limit_is_in_the_documents(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/production.md").read_text()


@pytest.mark.parametrize(("process", "seconds"), [("web", 5), ("worker", 60), ("command", 0)])
def test_a_kind_of_process_has_its_own_limits(load: Load, process: str, seconds: int) -> None:
    loaded = load(
        COMPLETE | {"TRIBUTARY_PROCESS": process},
        "print(round(settings.limits.DATABASE_LIMITS.statement))",
    )

    assert (loaded.stdout.strip(), loaded.stderr) == (str(seconds), "")


@pytest.mark.parametrize("module", ["config.asgi", "config.wsgi"])
def test_processes_that_serve_the_web_have_the_limits_of_the_web(module: str) -> None:
    """Whatever is imported first: the package itself brings the Celery application along."""
    serving = f"import {module}; from config import limits; print(limits.PROCESS)"
    environment = {name: value for name, value in os.environ.items() if name != PROCESS}

    served = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", serving],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (served.stdout.strip(), served.stderr) == ("web", "")


def test_the_package_does_not_decide_what_kind_of_process_it_is_in() -> None:
    """`python -m config.web` imports it before the first line of config.web."""
    importing = "import config, sys; print('config.limits' in sys.modules)"

    imported = subprocess.run(
        [sys.executable, "-c", importing], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert imported.stdout.strip() == "False"


def test_an_unknown_kind_of_process_is_refused(load: Load) -> None:
    loaded = load(COMPLETE | {"TRIBUTARY_PROCESS": "bakery"})

    assert "TRIBUTARY_PROCESS is 'bakery'" in loaded.stderr
