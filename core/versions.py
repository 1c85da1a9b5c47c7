"""Optimistic locking: of two people who change one row, the second one gets an error.

A form holds the version of the row that it was filled from. The service that saves it locks the row
and compares. Every change raises the version by one.
"""

from __future__ import annotations

from typing import Protocol


class Versioned(Protocol):
    version: int


class ChangedMeanwhileError(Exception):
    """The row was changed after the form was opened; nothing was saved."""


def check_version(row: Versioned, seen: int | None) -> None:
    """Raise ChangedMeanwhileError unless the locked `row` still has the version `seen`.

    None is for callers without a form: they change the row in any version.
    """
    if seen is not None and row.version != seen:
        raise ChangedMeanwhileError
