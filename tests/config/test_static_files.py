"""Static files are for everybody, so none may hold a place for as long as its client reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import RequestFactory

from config.asgi import MAX_WHOLE_BYTES
from config.static_files import MAX_BYTES, StaticFiles

pytestmark = pytest.mark.usefixtures("kept_connections")


def test_the_limit_is_that_of_what_is_sent_whole() -> None:
    assert MAX_BYTES == MAX_WHOLE_BYTES
    assert "config.static_files.StaticFiles" in settings.MIDDLEWARE


@pytest.mark.parametrize("in_local_mode", [True, False])
def test_a_file_too_long_to_be_sent_whole_is_not_served(
    in_local_mode: bool, tmp_path: Path, settings: Any
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = in_local_mode
    (tmp_path / "long.js.map").write_bytes(b"x" * (MAX_BYTES + 1))
    (tmp_path / "short.js").write_bytes(b"x" * MAX_BYTES)
    serve = StaticFiles(lambda request: HttpResponse(status=404))
    factory = RequestFactory()

    found = {
        name: serve(factory.get(f"/static/{name}")) for name in ("long.js.map", "short.js", "none")
    }
    for answer in found.values():
        answer.close()

    assert {name: answer.status_code for name, answer in found.items()} == {
        "long.js.map": 404,
        "short.js": 200,
        "none": 404,
    }


def test_every_file_that_a_page_may_need_is_short() -> None:
    long = {
        path
        for finder in finders.get_finders()
        for path, storage in finder.list([])
        if Path(storage.path(path)).stat().st_size > MAX_BYTES
    }

    assert {path for path in long if not path.endswith(".map")} == set()
