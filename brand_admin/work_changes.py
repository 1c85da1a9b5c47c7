"""Background work: run an action on many selected rows of a list."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import Http404
from django.utils import timezone

from background.files import read_file_lines
from background.models import Work, WorkFile
from background.running import RowProblem, WorkError, WorkSlice, count_batch
from brand_admin.lists import list_of_reference
from core.batches import batches

BATCH = 200  # rows that are changed together


def change_chosen(work_slice: WorkSlice) -> bool:
    """Change the next rows, batch by batch, until the time slice is over."""
    work = work_slice.work
    parameters, brand = work.parameters, work.brand
    with timezone.override(brand.zone):
        try:
            listing = list_of_reference(parameters["list"], brand=brand)
            act = next(each.act for each in listing.actions if each.key == parameters["action"])
        except (Http404, StopIteration) as error:
            raise WorkError("the list to change does not exist any more") from error
        assert act is not None  # noqa: S101 - asked for by brand_admin.listing.changing
        for ids in batches(islice(_chosen(work), work.done, None), BATCH):
            now = work_slice.clock()
            with work_slice.batch() as row:
                done = act(listing, ids=ids, by=work_slice.by, now=now, **parameters["values"])
                count_batch(
                    row,
                    done=len(ids),
                    counts={"done": done.count, "unchanged": done.unchanged},
                    problems=[
                        RowProblem(None, each.who, each.why)
                        for each in (*done.skipped, *done.notes)
                    ],
                )
            if work_slice.is_over:
                return work_slice.work.done >= work_slice.work.total
    return True


def _chosen(work: Work) -> Iterator[int]:
    for line in read_file_lines(work, WorkFile.GIVEN):
        yield int(line)
