"""Read what a process prints while it runs."""

from __future__ import annotations

import subprocess


def read_until(run: subprocess.Popen[str], *wanted: str) -> list[str]:
    """The lines up to the one that is the last to hold one of `wanted`, each once."""
    assert run.stdout is not None
    seen: list[str] = []
    missing = list(wanted)
    while missing:
        line = run.stdout.readline()
        assert line, seen
        seen.append(line)
        missing = [one for one in missing if one not in line]
    return seen
