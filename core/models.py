"""What the product notes of its own running."""

from __future__ import annotations

from django.db import models


class Round(models.Model):
    """Work that beat asks for again and again: when it last did, and when a worker last did it.

    Two times, so that a dead beat and a dead worker look different.
    """

    task = models.CharField(max_length=100, unique=True)
    asked_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.task
