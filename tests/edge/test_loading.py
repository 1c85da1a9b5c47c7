"""Links come from PostgreSQL into memory."""

from __future__ import annotations

import gc
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError

from core.tenancy import acting_for
from edge.cache import LinkCache
from edge.loading import Loader, load_many
from edge.snapshot import Snapshot
from edge.visitors import VisitorHashes
from tests.cast import Cast
from tracking.models import TrackingLink


def test_the_garbage_collector_does_not_search_through_the_links(cast: Cast) -> None:
    with acting_for(cast.juniper):
        link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    links = LinkCache(size=10, unknown=10)
    load_many([link.slug], links)

    target = links.targets[link.slug]
    assert target.link == link.pk.to_bytes(8, "big")
    assert not any(one is target for one in gc.get_objects())


def test_an_outage_is_told_once_and_so_is_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every half second is too often; before the tables are made nothing is wrong."""
    loader = Loader(
        LinkCache(size=1, unknown=1),
        hashes=VisitorHashes(),
        day_keys=dict,
        snapshot=Snapshot(tmp_path),
        max_waiting=1,
    )
    caplog.set_level("INFO", logger="edge.loading")
    no_table = ProgrammingError("no such table")
    no_table.__cause__ = psycopg.errors.UndefinedTable()
    for error in (no_table, no_table):
        loader.note_failure(error)
    loader.note_success()
    loader.note_success()
    for _ in range(3):
        loader.note_failure(OperationalError("it is\naway"))

    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("INFO", "Links are loaded once their tables are made."),
        ("INFO", "Links are loaded again."),
        ("WARNING", "Links are served as they were last known: it is away"),
    ]
