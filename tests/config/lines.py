"""What the product's own log handler writes, for tests to read."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from config.logs import configuration
from core.log_context import begin

SECRET = "zq7-Very_secret.value"
KEY = "trb_0a1b2c3d4e5f_zq7-Very_secret-value"


class Lines(io.StringIO):
    """What the handler wrote."""

    @property
    def text(self) -> str:
        return self.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def only(self) -> dict[str, Any]:
        (line,) = self.all
        return line


def through(configured: dict[str, Any], lines: Lines) -> None:
    configured["handlers"]["stderr"]["stream"] = lines
    logging.config.dictConfig(configured)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Production's handler, writing here."""
    begin()
    written = Lines()
    through(configuration(level="WARNING", as_json=True, access=True), written)
    yield written
    logging.config.dictConfig(settings.LOGGING)
    begin()


def ours(lines: Lines) -> logging.Handler:
    """The product's handler."""
    found = [each for each in logging.getLogger().handlers if vars(each).get("stream") is lines]
    return found[0]
