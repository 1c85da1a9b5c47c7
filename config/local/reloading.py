"""The web process of `make dev`: in the foreground, restarted when the code changes.

A changed Python file restarts the process. A changed template or translation is read again without
a restart; `core.assets` reads changed stylesheets itself. Django's reloader polls the times of all
files. It does not use kernel events, which would miss a file saved during a restart.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.servers import basehttp
from django.template.autoreload import reset_loaders
from django.utils import autoreload
from django.utils.translation.reloader import translation_file_changed

from config.local.folders import CHECKOUT
from config.local.messages import compile_catalogue
from config.local.ports import HOST

STARTED_AT = time.time()


class Reloader(autoreload.StatReloader):
    """Polls twice a second, and finds files that were saved while this process was loading."""

    SLEEP_TIME = 0.5  # type: ignore[assignment]

    def tick(self) -> Iterator[None]:
        """Poll once per step."""
        seen: dict[Path, float] = {}
        while True:
            for path, saved_at in self.snapshot_files():
                # A file from the future would otherwise count as saved at every start.
                before = seen.get(path, STARTED_AT if saved_at <= time.time() else saved_at)
                if saved_at > before:
                    self.notify_file_changed(path)
                seen[path] = saved_at
            time.sleep(self.SLEEP_TIME)
            yield


def watch_texts(sender: autoreload.BaseReloader, **kwargs: Any) -> None:
    """Watch the translations too; Django watches their compiled form."""
    sender.watch_dir(CHECKOUT.root / "locale", "**/*.po")


def compile_text(file_path: Path, **kwargs: Any) -> bool:
    """Compile a catalogue that was changed, and have Django read it again."""
    if file_path.suffix != ".po":
        return False
    try:
        compile_catalogue(file_path)
    except (OSError, ValueError) as error:
        print(f"{file_path} is not compiled: {error}", file=sys.stderr, flush=True)
    else:
        translation_file_changed(None, file_path.with_suffix(".mo"))
        reset_loaders()  # a compiled page holds its translations
    return True


def serve() -> None:
    """Serve the code as it is now, until the process is started again."""
    gc.disable()  # loading makes no garbage, and collecting takes a fifth of the start
    from config.wsgi import application

    import_module(settings.ROOT_URLCONF)
    gc.freeze()
    gc.enable()
    basehttp.run(HOST, int(sys.argv[1]), application, threading=True)  # type: ignore[arg-type]


def main() -> None:
    os.environ["TRIBUTARY_DEV"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each start would compile everything again
    # A breakpoint may stop in the middle of a transaction, so transactions must not time out.
    os.environ.setdefault("DATABASE_IDLE_TIMEOUT", "0")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    autoreload.get_reloader = Reloader
    autoreload.autoreload_started.connect(watch_texts)
    autoreload.file_changed.connect(compile_text)
    autoreload.run_with_reloader(serve)


if __name__ == "__main__":
    main()
