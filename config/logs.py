"""The format of log lines: one JSON object in production, readable text in local mode.

Web, worker, beat and commands log through the one handler configured here. A line has the time,
level, logger, event, stack, and its context: the request, the brand, the user, the task.
`core.redaction` removes secrets from the finished text.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from core.log_context import facts
from core.redaction import redact, without_secrets

FIRST = ["timestamp", "level", "logger", "event"]


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Formats every record as text without secrets, whatever arguments the logger got."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = super().format(record)
        except Exception as error:
            # The handler would print the record's arguments as they are.
            text = self._format_failure(record, error)
        return redact(text)

    def _format_failure(self, record: logging.LogRecord, error: Exception) -> str:
        failed = logging.LogRecord(
            record.name, record.levelno, record.pathname, record.lineno, "%s", None, None
        )
        failed.args = (f"{record.msg!r} could not be formatted: {error!r}",)
        return super().format(failed)


def formatter(*, as_json: bool) -> Formatter:
    """Return the formatter of the one handler."""
    return Formatter(
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(),
            add_facts,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # A stack as text holds no values of local variables.
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            render_json if as_json else render_text,
        ],
    )


def add_facts(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Add the context to the line; the line's own values win."""
    return {**facts(), **without_secrets(event)}


def render_json(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """Render one line of JSON; JSON escapes line breaks."""
    first = {key: event.pop(key) for key in FIRST if key in event}
    ordered = {str(key): value for key, value in {**first, **event}.items()}
    try:
        return json.dumps(ordered, default=repr)
    except (TypeError, ValueError, RecursionError):  # a key that is no text; a cyclic value
        return json.dumps({key: _plain(value) for key, value in ordered.items()})


def render_text(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """Render readable text: one line, then the stack if there is one."""
    stacks = [event.pop(key) for key in ("stack", "exception") if key in event]
    when, level, who, what = (str(event.pop(key, "")) for key in FIRST)
    more = [f"{key}={_plain(value)}" for key, value in event.items()]
    line = " ".join([when[11:19], level.upper(), who, what, *more])
    return "\n".join([_in_one_line(line), *map(str, stacks)])


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else repr(value)


def _in_one_line(text: str) -> str:
    """Return `text` with control characters and line breaks escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def configuration(*, level: str, as_json: bool, access: bool) -> dict[str, Any]:
    """Return LOGGING for `logging.config.dictConfig`: one handler, on stderr."""
    through_root: dict[str, Any] = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "config.logs.formatter", "as_json": as_json}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "loggers": {
            # These two have their own handlers by default; they must use ours.
            "django": through_root,
            "django.server": {**through_root, "level": "WARNING"},
            "_granian": through_root,
            "granian.access": through_root,
            # Anybody can ask for another host: the access log's line with its 400 is enough.
            "django.security.DisallowedHost": {**through_root, "level": "CRITICAL"},
            # One line per request, from config.request_log; granian's own stay off.
            "access": {**through_root, "level": "INFO" if access else "WARNING"},
            # Logins, failures, changes of roles: always on, whatever LOG_LEVEL says.
            "security": {**through_root, "level": "INFO"},
        },
        "root": {"handlers": ["stderr"], "level": level},
    }


def log_uncaught() -> None:
    """Log an exception that ends the process or a thread, through the same handler."""

    def from_process(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        logging.getLogger("uncaught").critical("the process ends", exc_info=(kind, error, trace))

    def from_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            logging.getLogger("uncaught").critical(
                "a thread ends", exc_info=(given.exc_type, given.exc_value, given.exc_traceback)
            )

    sys.excepthook = from_process
    threading.excepthook = from_thread
