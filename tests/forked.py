"""Short Python programs that start with the libraries of the settings loaded already.

To load Django, Celery and what they need takes ten times as long as to read the settings. A server
process loads them once, and none of the product's own modules; each program runs in a fork of it,
with an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from config.local.keys import fresh_secrets
from config.local.throwaway import ADDRESSES
from tests.own_processes import ROOT

Load = Callable[..., subprocess.CompletedProcess[str]]
# An environment with which the settings load.
COMPLETE = {**fresh_secrets(), **ADDRESSES}
# Prints the modules that the settings load, without those of the product.
LIBRARIES = """
import json, sys
from pathlib import Path
from config import settings
ours = {path.parent.name for path in Path().glob("*/__init__.py")} | {"__main__", "__mp_main__"}
print(json.dumps([name for name in sys.modules if name.partition(".")[0] not in ours]))
"""
SERVER = """
import importlib, json, os, sys
def run(program):
    os.environ.clear()
    os.environ.update(program["environment"])
    for number, name in ((0, os.devnull), (1, program["stdout"]), (2, program["stderr"])):
        os.dup2(os.open(name, os.O_RDWR), number)
    exec(compile(program["code"], "<string>", "exec"), {"__name__": "__main__"})

for name in json.loads(sys.stdin.readline()):
    importlib.import_module(name)
while line := sys.stdin.readline():
    child = os.fork()
    if not child:
        run(json.loads(line))
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class ForkServer:
    """Runs programs one after another, each in a process of its own."""

    def __init__(self) -> None:
        known = {"PATH": os.environ["PATH"], **COMPLETE}
        libraries = subprocess.run(
            [sys.executable, "-c", LIBRARIES],
            cwd=ROOT, env=known, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=ROOT, env={"PATH": known["PATH"]}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._tell(libraries.strip())

    def run(self, code: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the code in a process that has `environment` and nothing else."""
        with tempfile.TemporaryDirectory() as folder:
            written = {name: Path(folder, name) for name in ("stdout", "stderr")}
            for path in written.values():
                path.touch()
            program = {name: str(path) for name, path in written.items()}
            self._tell(json.dumps({**program, "code": code, "environment": dict(environment)}))
            assert self.process.stdout is not None
            status = int(self.process.stdout.readline())
            said, complaint = (path.read_text() for path in written.values())
        return subprocess.CompletedProcess([sys.executable, "-c", code], status, said, complaint)

    def stop(self) -> None:
        self.process.communicate()  # its stdin is closed, so it ends

    def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Started by the first test of this process that asks for it."""
    server = ForkServer()
    yield server
    server.stop()


@pytest.fixture
def load(fork_server: ForkServer) -> Load:
    """Import the settings in a process that has the given environment, then run some code."""

    def run(environment: Mapping[str, str], code: str = "") -> subprocess.CompletedProcess[str]:
        known = {"PATH": os.environ["PATH"], **environment}
        return fork_server.run(f"from config import settings\n{code}", known)

    return run
