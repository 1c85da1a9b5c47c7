"""The cached links in a file, so that a web process that starts anew serves without PostgreSQL."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

from edge.cache import LinkCache
from edge.targets import target_of
from tracking.links.destinations import Destination

FORMAT = "links 2"
MIN_SECONDS = 60.0  # between two snapshots of one process
FIELDS = [field.name for field in fields(Destination)]
AT_ONCE = 200  # links that are written before other threads get a turn
logger = logging.getLogger(__name__)


class Snapshot:
    """One file for all web processes of a machine; who writes last wins."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "links.json"
        self._written_at, self._version = -MIN_SECONDS, -1

    def write(self, links: LinkCache) -> None:
        """Write all links that changed, at most once a minute. A failure is logged."""
        now = time.monotonic()
        if now - self._written_at < MIN_SECONDS or links.version == self._version:
            return
        self._written_at, self._version = now, links.version
        unfinished = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                json.dump({"format": FORMAT, "hosts": dict(links.hosts)}, file)
                for number, target in enumerate(list(links.targets.values())):
                    file.write("\n")
                    row = [getattr(target.destination, name) for name in FIELDS]
                    json.dump([target.used_at, *row], file)
                    if number % AT_ONCE == 0:
                        time.sleep(0.001)
            unfinished.replace(self.path)
        except OSError as error:
            logger.warning("The snapshot of the links was not written: %s", error)

    def read_into(self, links: LinkCache) -> None:
        """Put the links of the snapshot into the cache, as ones that are to be read again."""
        try:
            with self.path.open(encoding="utf-8") as file:
                head = json.loads(next(file, "{}"))
                if head.get("format") != FORMAT:
                    return
                links.hosts = head["hosts"]
                for line in file:
                    self._take(json.loads(line), links)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("The snapshot of the links was not read whole: %s", error)

    def _take(self, row: list[Any], links: LinkCache) -> None:
        used_at, *values = row
        known = dict(zip(FIELDS, values, strict=True))
        known["spans"] = tuple((since, until) for since, until in known["spans"])
        known["domains"] = tuple(known["domains"])
        target = target_of(Destination(**known))
        if target is not None:
            target.used_at, target.is_stale = used_at, True
            links.targets[target.destination.slug] = target
