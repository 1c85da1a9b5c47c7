"""Runs Python programs in forks of a process that has loaded their libraries already.

`python -m tests.fork_server DESCRIPTOR`: the descriptor is a socket on which tests.forked says what
to load, and then which programs to start. It loads the standard library alone by itself.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import warnings
from typing import Any, NoReturn

HEADER_BYTES = 8  # the length of the JSON that follows, big-endian
DESCRIPTORS = 4  # stdin, stdout, stderr, and where to tell how the program goes


def serve(control: socket.socket) -> None:
    """Start what is asked for, until the other end is closed. Each program has a keeper."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no keeper becomes a zombie
    while True:
        header, descriptors, _, _ = socket.recv_fds(control, HEADER_BYTES, DESCRIPTORS)
        if not header:
            return
        body = control.recv(int.from_bytes(header, "big"), socket.MSG_WAITALL)
        if not os.fork():
            control.close()
            keep(json.loads(body), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def keep(program: dict[str, Any], descriptors: list[int]) -> None:
    """Fork the program; tell its pid, and at its end its exit code. Returns in the program."""
    *streams, told = descriptors
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        os.close(told)
        run(program, streams)
    for descriptor in streams:
        os.close(descriptor)
    os.write(told, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def run(program: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the program, in a new session, as if Python had been started for it."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    os.environ.clear()
    os.environ.update(program["environment"])
    if program["ignores_warnings"]:
        warnings.simplefilter("ignore")
    what, *arguments = program["command"]
    sys.argv = ["", *arguments]
    if program["is_code"]:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    sys.exit()


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    length = int.from_bytes(control.recv(HEADER_BYTES, socket.MSG_WAITALL), "big")
    for name in json.loads(control.recv(length, socket.MSG_WAITALL)):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that no fork copies the memory of what all of them share
    serve(control)


if __name__ == "__main__":
    main()
