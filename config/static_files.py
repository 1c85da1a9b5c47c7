"""Serve static files: WhiteNoise, without files that are too long to be sent whole.

A longer answer is a download, which holds a place for as long as its client reads (config.asgi). A
static file needs no login, so strangers could hold all of them. The only such files are source maps
of libraries, which no page needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import MissingFileError

MAX_BYTES = 2_000_000  # config.asgi.MAX_WHOLE_BYTES


class StaticFiles(WhiteNoiseMiddleware):
    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Outside local mode: each file is found once, when the process starts."""
        if Path(path).stat().st_size <= MAX_BYTES:
            super().add_file_to_dictionary(url, path, stat_cache=stat_cache)

    def find_file_at_path(self, path: str, url: str) -> Any:
        """In local mode: a file is found at each request. Raises MissingFileError."""
        found = super().find_file_at_path(path, url)
        if Path(path).stat().st_size > MAX_BYTES:
            raise MissingFileError(path)
        return found
