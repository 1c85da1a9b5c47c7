"""Any Python from 3.11 to 3.14: the newest that really runs is used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from config.local import pythons
from config.local.folders import CHECKOUT

RUNS = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
REFUSES = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"
OLD = "#!/bin/sh\nexit 1\n"


def put(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(script)
    program.chmod(0o755)
    return program


def chosen_by_make(folder: Path) -> str:
    """The Python that `make setup` would make .venv with, where the PATH is this folder's."""
    makefile = (CHECKOUT.root / "Makefile").read_text()
    shown = subprocess.run(
        ["make", "--no-print-directory", "-f", "-", "shown"],
        input=f"{makefile}\nshown:\n\t@echo [$(PYTHON)]\n",
        cwd=CHECKOUT.root, env={"PATH": f"{folder}:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return shown.stdout.strip()


def test_the_newest_python_that_runs_makes_the_environment(tmp_path: Path) -> None:
    for name in ("python3.14", "python3.13"):
        put(tmp_path, name, REFUSES)
    for name in ("python3.12", "python3.11", "python3"):
        put(tmp_path, name, RUNS)

    assert chosen_by_make(tmp_path) == "[python3.12]"


def test_python3_is_used_where_no_name_has_a_version(tmp_path: Path) -> None:
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        put(tmp_path, name, REFUSES)
    put(tmp_path, "python3", RUNS)

    assert chosen_by_make(tmp_path) == "[python3]"


def test_one_that_is_too_old_is_none(tmp_path: Path) -> None:
    for name in ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"):
        put(tmp_path, name, OLD)

    assert chosen_by_make(tmp_path) == "[]"


def test_a_shim_that_refuses_is_passed_over_for_what_it_hides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "shims", "python3.13", REFUSES)
    hidden = put(tmp_path / "pyenv/versions/3.13.0/bin", "python3.13", RUNS)
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))

    assert pythons.find_python("3.13") == hidden
    assert pythons.find_python("3.14") is None


def test_every_place_that_names_the_versions_agrees() -> None:
    project = tomllib.loads((CHECKOUT.root / "pyproject.toml").read_text())
    makefile = (CHECKOUT.root / "Makefile").read_text()

    assert project["project"]["requires-python"] == ">=3.11,<3.15"
    assert pythons.VERSIONS == ("3.11", "3.12", "3.13", "3.14")
    assert [name for name in pythons.VERSIONS if f"python{name}" not in makefile] == []
    assert sys.version_info[:2] in {tuple(map(int, name.split("."))) for name in pythons.VERSIONS}


def test_continuous_integration_runs_on_one_python() -> None:
    commands = (CHECKOUT.root / ".ci/run").read_text()
    assert set(re.findall(r"python3\.\d+", commands)) == {"python3.11"}
    assert "for python in $debians python3.11; do" in commands
    assert os.access(CHECKOUT.root / ".ci/run", os.X_OK)
