"""The web process of `make dev`: in the foreground, with the code as it was saved last.

Half of a start is importing the libraries, and these don't change. So on Linux this process imports
them once, and forks a child for each state of the code (config.local.serving); the child imports
our own modules only. Elsewhere, where system libraries forbid a fork, each start is a whole one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import TextIO

CHANGED = 3  # the exit code of Django's reloader
SETTINGS = "DJANGO_SETTINGS_MODULE"


def main() -> None:
    os.environ["TRIBUTARY_DEV"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each start would compile everything again
    # A breakpoint may stop in the middle of a transaction, so transactions must not time out.
    os.environ.setdefault("DATABASE_IDLE_TIMEOUT", "0")
    os.environ.setdefault(SETTINGS, "config.settings")
    port, code = int(sys.argv[1]), CHANGED
    start = start_by_fork if sys.platform == "linux" else start_anew
    while code == CHANGED:
        code = start(port)
    sys.exit(code)


def start_anew(port: int) -> int:
    command = [sys.executable, "-m", "config.local.serving", str(port)]
    return subprocess.run(command, check=False).returncode


def start_by_fork(port: int) -> int:
    """Serve in a forked child until it ends; return its exit code.

    The child tells which libraries it imported, and this process imports them meanwhile.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        serve(port, os.fdopen(writing, "w"))
    os.close(writing)
    with stopping(child), os.fdopen(reading) as told:
        import_libraries(told.read().splitlines())
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)


def serve(port: int, loaded: TextIO) -> None:
    """In the child. It never returns to what the parent has on its stack."""
    code = 1
    try:
        from config.local.serving import serve_until_changed

        serve_until_changed(port, loaded)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@contextmanager
def stopping(child: int) -> Iterator[None]:
    """Whatever asks this process to stop asks the child."""

    def stop(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def import_libraries(names: list[str]) -> None:
    """Without settings: a module that reads them fails to load, and is left to the child."""
    settings = os.environ.pop(SETTINGS)
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    for name in names:
        if name not in sys.modules:
            with suppress(Exception):
                import_module(name)
    os.environ[SETTINGS], sys.unraisablehook = settings, hook


if __name__ == "__main__":
    main()
