"""Programs that tests fork are seen and ended like any other process."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.own_processes import is_alive
from tests.programs import COMPLETE, Program, run_forked

WAITS = "import sys; print('up', flush=True); sys.exit(int(sys.stdin.readline()))"


def waiting() -> Program:
    program = Program(
        WAITS, environment={}, is_code=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    return program


def close(program: Program) -> None:
    for stream in (program.stdin, program.stdout):
        assert stream is not None
        stream.close()


def test_its_exit_code_is_told_when_it_has_ended() -> None:
    program = waiting()
    before = program.poll()
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(timeout=0.01)
    assert program.stdin is not None
    program.stdin.write("3\n")
    close(program)

    assert (before, program.wait(), program.poll()) == (None, 3, 3)


def test_a_signal_that_ended_it_is_told() -> None:
    program = waiting()
    os.killpg(program.pid, signal.SIGKILL)
    close(program)

    assert program.wait() == -signal.SIGKILL
    assert is_alive(program.pid) is False
    program.kill()  # nothing happens, whatever process has its pid by now


def test_it_knows_the_given_environment_alone_and_none_of_the_product() -> None:
    code = "import os, sys; print(dict(os.environ), sys.argv[1:], 'core' in sys.modules)"

    ran = run_forked(code, "one", environment={"A": "b"})

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "{'A': 'b'} ['one'] False\n", "")


def test_what_no_program_catches_is_its_traceback() -> None:
    ran = run_forked("import config.settings", environment={})
    loaded = run_forked("import config.settings", environment=COMPLETE)

    assert (ran.returncode, loaded.returncode) == (1, 0)
    assert "Traceback" in ran.stderr
