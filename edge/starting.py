"""Put the redirect together from the settings, and start and stop its threads."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from edge import answers
from edge.cache import LinkCache
from edge.clients import Forwarding
from edge.loading import Loader
from edge.redirect import Redirects
from edge.sending import Sender
from edge.snapshot import Snapshot
from edge.visitors import VisitorHashes
from edge.writing import Writer
from tracking.links.visitor_keys import visitor_keys

MAX_UNKNOWN = 20_000  # slugs that are known not to exist
MAX_WAITING = 5_000  # requests that wait for a slug to be loaded
STOP_SECONDS = 3.0
FIRST_DAY = date(1970, 1, 1)
logger = logging.getLogger(__name__)


class Edge:
    """The redirect of one web process, with the threads that it needs."""

    def __init__(self, *, forwarding: Forwarding) -> None:
        self.folder = Path(settings.CLICKS_FOLDER)
        links, hashes = LinkCache(size=settings.LINKS_CACHED, unknown=MAX_UNKNOWN), VisitorHashes()
        self.loader = Loader(
            links,
            hashes=hashes,
            day_keys=_day_keys,
            snapshot=Snapshot(self.folder),
            max_waiting=MAX_WAITING,
        )
        self.redirects = Redirects(
            links,
            self.loader,
            click_key=settings.CLICK_KEYS[0],
            hashes=hashes,
            forwarding=forwarding,
            tls_host=urlsplit(settings.BASE_URL).hostname or ""
            if settings.SECURE_SSL_REDIRECT
            else "",
        )
        self.writer = Writer(
            self.redirects.clicks, self.folder, max_bytes=settings.CLICKS_MAX_WAITING
        )
        self.sender = Sender(
            self.writer,
            self.folder,
            url=settings.CLICKS_URL,
            kinds=self.redirects.kinds,
            max_entries=settings.CLICKS_MAX_ENTRIES,
        )

    def start(self) -> None:
        """Begin to load links, and to write and send clicks. Without a folder, clicks are lost."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            logger.error("There is no folder for clicks: %s", error)
        self.loader.start()
        self.writer.start()
        self.sender.start()

    def warm_up(self) -> None:
        """Render the pages for unknown links, so that the first one is not slow."""
        for tag, _ in settings.LANGUAGES:
            self.redirects.pages.make(answers.UNKNOWN, tag)
            self.redirects.pages.make(answers.UNAVAILABLE, tag)

    def stop(self) -> None:
        """Write the clicks that are in memory, and send what waits if that works at once."""
        self.loader.stop()
        self.writer.stop(STOP_SECONDS)
        self.sender.stop(STOP_SECONDS)


def _day_keys() -> dict[int, bytes]:
    return {(day - FIRST_DAY).days: key for day, key in visitor_keys().items()}
