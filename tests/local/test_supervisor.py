"""The supervisor of `make run`, on processes that do nothing but die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.local.folders import CHECKOUT
from config.local.supervisor import Output, Supervisor
from tests.local.output import read_until
from tests.own_processes import MAX_WAIT_SECONDS, is_alive, send, until

# Supervises shell commands: each argument is a name and a command, with "=" between.
SCRIPT = """
import os, sys
from pathlib import Path
from config.local.services import Server
from config.local.supervisor import Child, Output, Supervisor

folder = Path(sys.argv[1])
commands = dict(given.split("=", 1) for given in sys.argv[2:])
output = Output(sys.stdout, [*commands, "server"])
children = [
    Child(name, ["/bin/sh", "-c", command], environment={"KEPT": "as it was"}, folder=folder,
          pid_file=folder / name, output=output)
    for name, command in commands.items() if name != "server"
]
servers = []
if "server" in commands:
    mark = folder / "server-lives"
    servers = [Server("server", mark.exists, mark.touch)]
more = {}
if "worker" in commands and (folder / "is-prepared").is_fifo():
    more = {"prepare": (folder / "is-prepared").read_text, "needs_data": ["worker"]}
sys.exit(Supervisor(servers=servers, children=children, output=output, **more).run())
"""


# Before SCRIPT: orphans become children of this process, which collects no exit code of theirs. So
# does the first process of many containers. 36 is PR_SET_CHILD_SUBREAPER, see prctl(2).
KEEPS_ZOMBIES = "import ctypes; assert ctypes.CDLL(None).prctl(36, 1) == 0"


def supervise(folder: Path, *before: str, **commands: str) -> subprocess.Popen[str]:
    script = "\n".join([*before, SCRIPT])
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder), *(f"{n}={c}" for n, c in commands.items())],
        cwd=CHECKOUT.root,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(run: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> None:
    run.send_signal(number)
    rest, _ = run.communicate(timeout=MAX_WAIT_SECONDS)
    assert run.returncode == 0, rest


def test_what_dies_five_times_in_a_minute_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    run = supervise(tmp_path, worker="echo no good; exit 3", web="echo up; sleep 1000")
    output, complaint = run.communicate(timeout=MAX_WAIT_SECONDS)

    assert run.returncode == 1
    assert complaint == (
        "worker died 5 times in a minute, so everything is stopped."
        " The last time it ended with exit code 3. See the lines of worker above.\n"
    )
    assert output.count("no good") == 5
    assert output.count("worker ended with exit code 3; it is started again.") == 4
    assert output.count("up") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_comes_back_with_its_environment(tmp_path: Path) -> None:
    run = supervise(tmp_path, web="echo $KEPT; sleep 1000")
    first = read_until(run, "as it was")
    send(signal.SIGKILL, int((tmp_path / "web").read_text()))
    second = read_until(run, "web was killed by SIGKILL; it is started again.", "as it was")

    end(run)

    assert (len(first), len(second)) == (1, 2)


def test_the_children_of_a_killed_process_are_ended(tmp_path: Path) -> None:
    run = supervise(tmp_path, web="sleep 1000 & echo child $!; wait")
    child = int(read_until(run, "child")[0].split()[-1])
    send(signal.SIGKILL, int((tmp_path / "web").read_text()))
    read_until(run, "it is started again.", "child")

    assert is_alive(child) is False
    end(run)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_nothing_waits_for_children_that_have_ended(tmp_path: Path) -> None:
    run = supervise(tmp_path, KEEPS_ZOMBIES, web="sleep 1000 & echo child $!; wait")
    child = int(read_until(run, "child")[0].split()[-1])
    send(signal.SIGKILL, int((tmp_path / "web").read_text()))
    read_until(run, "it is started again.", "child")

    assert Path(f"/proc/{child}").exists()
    assert is_alive(child) is False
    end(run)


def test_what_needs_the_data_starts_when_it_is_prepared(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "is-prepared")
    run = supervise(tmp_path, worker="echo works; sleep 1000", web="echo up; sleep 1000")
    first = read_until(run, "up")
    (tmp_path / "is-prepared").write_text("now")
    second = read_until(run, "works")

    end(run)

    assert (len(first), len(second)) == (1, 1)


def test_a_signal_ends_the_preparation(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "is-prepared")
    run = supervise(tmp_path, worker="echo works; sleep 1000", web="echo up; sleep 1000")
    read_until(run, "up")

    end(run, signal.SIGTERM)

    assert not (tmp_path / "web").exists()


def test_after_a_signal_nothing_is_prepared() -> None:
    prepared = list[str]()
    supervisor = Supervisor(
        servers=[], children=[], output=Output(sys.stdout, ["web"]),
        prepare=lambda: prepared.append("data"),
    )  # fmt: skip

    supervisor._end(signal.SIGTERM, None)
    supervisor._prepare_data()

    assert prepared == []


def test_a_server_that_is_gone_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "server-lives").touch()
    run = supervise(tmp_path, web="echo up; sleep 1000", server="")
    read_until(run, "up")
    (tmp_path / "server-lives").unlink()
    read_until(run, "server is gone; it is started again.")
    until((tmp_path / "server-lives").exists, "the server is not started again")

    end(run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it_quietly(tmp_path: Path, number: signal.Signals) -> None:
    run = supervise(tmp_path, web="echo up; sleep 1000", beat="echo up; sleep 1000")
    read_until(run, "web", "beat")
    pids = [int((tmp_path / name).read_text()) for name in ("web", "beat")]

    run.send_signal(number)
    output, complaint = run.communicate(timeout=MAX_WAIT_SECONDS)

    assert (run.returncode, output, complaint) == (0, "", "")
    assert [pid for pid in pids if is_alive(pid)] == []
