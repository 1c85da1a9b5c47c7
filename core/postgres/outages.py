"""Tell an outage of PostgreSQL from a defect of ours, by the error that came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.db import OperationalError, ProgrammingError

# Appendix A of PostgreSQL's manual. By class, and the members of class 57 that are no mistake.
_GONE = ("08", "57P01", "57P02", "57P03", "57P05", "58")
_BUSY = ("53", "57014", "55P03", "25P03", "25P04", "40001", "40P01")
_WORTH_ANOTHER_TRY = ("25P03", "25P04", "40001", "40P01")
_AFTER_A_LOSS = "Cannot open a new connection in an atomic block"  # Django's words


class CommitUnknownError(OperationalError):
    """The connection was lost during COMMIT: nobody here knows whether it was carried out."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Why PostgreSQL did not do it.

    `is_gone`: it did not answer, or hung up; else it had too much to do. `is_worth_repeating`: a
    second try on another connection may do at once what the first could not. `is_unknown`: the
    transaction may have been kept.
    """

    is_gone: bool
    is_worth_repeating: bool
    is_unknown: bool
    reason: str


def outage_of(error: BaseException | None) -> Outage | None:
    """The outage that `error` came of, None when it came of something else."""
    errors = list(_causes(error))
    is_unknown = any(isinstance(one, CommitUnknownError) for one in errors)
    for one in errors:
        state = _state(one)
        if state is None:
            continue
        is_gone = state == "" or state.startswith(_GONE)
        if is_gone or state.startswith(_BUSY):
            return Outage(
                is_gone=is_gone,
                is_worth_repeating=is_gone or state.startswith(_WORTH_ANOTHER_TRY),
                is_unknown=is_unknown,
                reason=" ".join(str(one).split())[:300],
            )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _state(error: BaseException) -> str | None:
    """The SQLSTATE; empty when the server said none, None for what is not of the database."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return error.sqlstate or ""
    if isinstance(error, psycopg.Error):
        return error.sqlstate  # a mistake in a statement has one, an outage of another class too
    if isinstance(error, ProgrammingError) and _AFTER_A_LOSS in str(error):
        return ""
    return None
