"""The numbers on the tabs of Conversions."""

from __future__ import annotations

from tracking.flags.selectors import open_flag_count
from tracking.questions.selectors import open_question_count


def tab_counts() -> dict[str, int]:
    """Return how many questions and flags wait for staff, for the context of each tab."""
    return {"open_questions": open_question_count(), "open_flags": open_flag_count()}
