"""Work that staff asked for and that takes longer than a page; `background.running` runs it."""

from __future__ import annotations

from django.db import models

from core.jobs import LeasedModel
from core.tenancy import TenantForeignKey, TenantModel


class WorkState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


LIVE_WORK = (WorkState.WAITING, WorkState.RUNNING)


class Work(LeasedModel):
    """Work that takes longer than a page request: an import, an export.

    `kind` names the handler, and `parameters` are that handler's own. `done`,
    `counts` and `cursor` are written in the transaction of the rows that they count.
    """

    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=200)  # "members.csv into Winter Glow creators"
    about = models.CharField(max_length=60)  # where it was started: "members", "project:3"
    parameters = models.JSONField(default=dict)
    confirmation = models.UUIDField()  # the form's own key: a second click finds the same work
    state = models.CharField(max_length=10, choices=WorkState, default=WorkState.WAITING)
    total = models.PositiveIntegerField()  # number of rows or members
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # by result: {"added": 31}
    problems = models.PositiveIntegerField(default=0)  # how many WorkProblem rows there are
    cursor = models.BigIntegerField(default=0)  # where to continue, in the kind's own terms
    error = models.CharField(max_length=500, blank=True)  # why it failed, in words
    filename = models.CharField(max_length=120, blank=True)  # of the file that it made
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # since the last committed batch
    enqueued_at = models.DateTimeField(null=True, editable=False)
    files_gone_at = models.DateTimeField(null=True)

    class Meta(LeasedModel.Meta):
        constraints = [
            *LeasedModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "confirmation"], name="background_work_once"),
        ]
        indexes = [
            models.Index(fields=["brand", "-asked_at"], name="background_work_new"),
            models.Index(fields=["brand", "about", "-asked_at"], name="background_work_about"),
            models.Index(
                fields=["enqueued_at"],
                name="background_work_live",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
            models.Index(
                fields=["finished_at"],
                name="background_work_files",
                condition=models.Q(files_gone_at=None, finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_WORK


class WorkFile(models.TextChoices):
    GIVEN = "given", "What it was given"
    MADE = "made", "What it made"


class WorkChunk(TenantModel):
    """A chunk of a file that a work reads or has made, for every machine to read."""

    work = TenantForeignKey(Work)
    file = models.CharField(max_length=5, choices=WorkFile)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "work", "file", "number"], name="background_chunk_once"
            ),
        ]


class WorkProblem(TenantModel):
    """A row or member that was skipped, and why."""

    work = TenantForeignKey(Work)
    line = models.PositiveIntegerField(null=True)  # of the file that it was given
    subject = models.CharField(max_length=200)  # the column, or who
    message = models.CharField(max_length=500)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["brand", "work", "id"], name="background_problem_work")]
