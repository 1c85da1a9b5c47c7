"""Identify a process by its pid: a recorded pid may belong to another program by now."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PROC = Path("/proc")  # of Linux; other systems have none


def has_members(group: int) -> bool:
    """Whether a process of this process group runs.

    One that has ended is none, also while it is a zombie, whose exit code its parent has not
    collected: the first process of a container may be slow to do that, or never do it.
    """
    if not PROC.exists():
        return exists(-group)
    pids = (int(folder.name) for folder in PROC.iterdir() if folder.name.isdecimal())
    return any(
        of_group == group and state not in {"Z", "X"}
        for state, of_group in map(_state_and_group, pids)
    )


def _state_and_group(pid: int) -> tuple[str, int]:
    """Return the state, a letter as in proc(5), and the process group; ("X", 0) when it is gone."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "X", 0
    return fields[0], int(fields[2])


def exists(pid: int) -> bool:
    """Whether the system knows this pid: a process of any owner, or a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_of(pid: int) -> str:
    """Return the command line of a process; "" when it has ended or is hidden from us."""
    if PROC.exists():
        try:
            raw = (PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ""
        return raw.replace(b"\0", b" ").decode(errors="replace")
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout
