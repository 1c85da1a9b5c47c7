"""Two people change one row: the later one is told, instead of undoing what the first one did.

A form carries the version of the row that it was filled from. The service that saves it holds the
row and compares; every change raises the number by one.
"""

from __future__ import annotations

from typing import Protocol


class Versioned(Protocol):
    version: int


class ChangedMeanwhileError(Exception):
    """The row is not as it was when the form was opened; nothing was changed."""


def check_version(row: Versioned, seen: int | None) -> None:
    """Raise ChangedMeanwhileError unless `row`, which is locked, is as it was seen.

    None is for callers that saw no form: they mean to change whatever is there.
    """
    if seen is not None and row.version != seen:
        raise ChangedMeanwhileError
