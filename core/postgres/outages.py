"""Tell an outage of PostgreSQL from a defect in our code, by the error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import InterfaceError, OperationalError, ProgrammingError

from core.text import one_line

OUTAGES = (OperationalError, InterfaceError)  # of PostgreSQL, in a loop over brands or rows
# PostgreSQL's manual, appendix A: classes, and those codes of class 57 that mean an outage.
_GONE = ("08", "57P01", "57P02", "57P03", "57P05", "58")
_BUSY = ("53", "57014", "55P03", "25P03", "25P04", "40001", "40P01")
_RETRYABLE = ("25P03", "25P04", "40001", "40P01")
_LOST_IN_ATOMIC_MESSAGE = "Cannot open a new connection in an atomic block"  # Django's words


class CommitUnknownError(OperationalError):
    """The connection was lost during COMMIT: the transaction may be saved or not."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Why PostgreSQL failed.

    `is_gone`: it did not answer or closed the connection; otherwise it was overloaded.
    `is_retryable`: a retry on another connection may succeed at once. `is_unknown`: the
    transaction may be saved.
    """

    is_gone: bool
    is_retryable: bool
    is_unknown: bool
    reason: str


@contextmanager
def defects_logged(logger: logging.Logger, message: str, *args: object) -> Iterator[None]:
    """Log a defect and go on, so that what is stored of one brand or row holds up no other.

    One of OUTAGES is raised: the others would meet it too.
    """
    try:
        yield
    except OUTAGES:
        raise
    except Exception:
        logger.exception(message, *args)


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that caused `error`; None when the cause is something else."""
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
                is_retryable=is_gone or state.startswith(_RETRYABLE),
                is_unknown=is_unknown,
                reason=one_line(str(one))[:300],
            )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _state(error: BaseException) -> str | None:
    """Return the SQLSTATE; "" when the server sent none, None for an error of another kind."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return error.sqlstate or ""
    if isinstance(error, psycopg.Error):
        return error.sqlstate  # a mistake in a statement has one, an outage of another class too
    if isinstance(error, ProgrammingError) and _LOST_IN_ATOMIC_MESSAGE in str(error):
        return ""
    return None
