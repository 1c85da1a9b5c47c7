"""The settings of the product, loaded in a separate process for the test that asks for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping

import pytest

from tests.programs import COMPLETE, run_forked

__all__ = ["COMPLETE", "Load", "load"]
Load = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def load() -> Load:
    """Import the settings in a process that has the given environment, then run some code."""

    def run(environment: Mapping[str, str], code: str = "") -> subprocess.CompletedProcess[str]:
        known = {"PATH": os.environ["PATH"], **environment}
        return run_forked(f"from config import settings\n{code}", environment=known)

    return run
