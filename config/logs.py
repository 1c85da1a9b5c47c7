"""How a log line looks, and what may never stand in one: a token that opens a page."""

from __future__ import annotations

import logging
import re

import structlog

_SIGNED_PATH = re.compile(r"/(d|u|once|invitation)/[\w\-=.~]+")


def redact(text: str) -> str:
    """`text` with the token of every signed link cut out."""
    return _SIGNED_PATH.sub(r"/\1/[redacted]", text)


class RedactSignedLinks(logging.Filter):
    """Cut the tokens of dashboard, unsubscribe and one-time links out of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def formatter() -> logging.Formatter:
    """key=value lines with time, level and logger."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "logger", "event"], drop_missing=True
            ),
        ],
    )
