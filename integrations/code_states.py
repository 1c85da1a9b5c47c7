"""Decide the state of a code, here and in the shop, and what is to be done about it. Pure."""

from __future__ import annotations

from integrations.models import CodeState

COMPARE = "integrations.compare_codes"  # the task
WAS_THERE = {CodeState.IN_STEP, CodeState.MISSING, CodeState.UNKNOWN}
HAD_ENDED = {CodeState.ENDED, CodeState.CAME_BACK}


def next_state(
    before: CodeState | None, *, in_use_here: bool | None, is_active_there: bool
) -> CodeState | None:
    """Return the state of a code; None if neither side knows it any more.

    `in_use_here` is None for a code that no member of the offer has or had. What staff asked for,
    "make" or "end", stays until it is done.
    """
    if in_use_here:
        if is_active_there:
            return CodeState.IN_STEP
        return CodeState.MISSING if before in WAS_THERE else CodeState.TO_MAKE
    if is_active_there:
        if before is CodeState.TO_END:
            return before
        if in_use_here is None:
            return CodeState.UNKNOWN
        return CodeState.CAME_BACK if before in HAD_ENDED else CodeState.TO_END
    return None if in_use_here is None else CodeState.ENDED
