"""Long work that staff asked for: rows that workers take up, a committed step at a time.

Whoever asks writes the row in the transaction that confirms; a worker claims it, works in batches
that commit together with their count, and lets go after a turn, so that other work has its own.
A worker that dies leaves the last committed batch behind, and another goes on from there. What is
listed here is public.
"""

from accounts.background.asking import Request, ask, hint
from accounts.background.files import bytes_of, lines_of, save_file
from accounts.background.reading import (
    all_work,
    problems_of,
    recent_work_about,
    running_work,
)
from accounts.background.sweeping import FILES_KEPT, sweep
from accounts.background.turns import (
    AT_ONCE,
    MOST_ATTEMPTS,
    Handler,
    Problem,
    TakenOverError,
    Turn,
    WorkError,
    note,
    start,
    take_turn,
)

__all__ = [
    "AT_ONCE",
    "FILES_KEPT",
    "MOST_ATTEMPTS",
    "Handler",
    "Problem",
    "Request",
    "TakenOverError",
    "Turn",
    "WorkError",
    "all_work",
    "ask",
    "bytes_of",
    "hint",
    "lines_of",
    "note",
    "problems_of",
    "recent_work_about",
    "running_work",
    "save_file",
    "start",
    "sweep",
    "take_turn",
]
