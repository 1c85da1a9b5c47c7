"""The error of a service that refuses what was asked."""

from __future__ import annotations


class RefusedError(ValueError):
    """It can't be done; the message says why. `field` is the wrong field, "" if none is."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
