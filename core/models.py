"""Records of the product's own operation."""

from __future__ import annotations

from django.db import models


class Round(models.Model):
    """A periodic task, and its last run: when beat enqueued it, and when a worker finished it.

    The two times tell a dead beat from a dead worker.
    """

    task = models.CharField(max_length=100, unique=True)
    asked_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.task
