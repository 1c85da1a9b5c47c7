"""One web process of `make dev`: it serves the code as it is now, and ends when the code changes.

A changed Python file ends the process, and config.local.reloading starts the next. A changed
template or translation is read again without a restart, between two requests; `core.assets` reads
changed stylesheets itself. Django's reloader polls the times of all files. It does not use kernel
events, which would miss a file saved during a restart.
"""

from __future__ import annotations

import gc
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.servers import basehttp
from django.template.autoreload import reset_loaders
from django.utils import autoreload
from django.utils.translation.reloader import translation_file_changed

from config.forwarding import Application
from config.local.folders import CHECKOUT
from config.local.messages import compile_catalogue
from config.local.ports import HOST

STARTED_AT = time.time()
LIBRARIES, STANDARD = (Path(sysconfig.get_path(kind)) for kind in ("purelib", "stdlib"))


class Requests:
    """The requests that run now, and a way to do something while none does.

    A request that compiles a page while a text changes would keep the page with the old text.
    """

    DEBUGGER_SECONDS = 5  # a request that takes longer has stopped at a breakpoint

    def __init__(self) -> None:
        self.running = 0
        self._changed = threading.Condition()

    def counted(self, application: Application) -> Application:
        """Return `application`, with its requests counted here."""

        def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            with self._changed:
                self.running += 1
            try:
                return application(environ, start_response)
            finally:
                with self._changed:
                    self.running -= 1
                    self._changed.notify_all()

        return run

    @contextmanager
    def none_running(self) -> Iterator[bool]:
        """Let the running requests finish, and new ones wait; False if a running one didn't."""
        with self._changed:
            yield self._changed.wait_for(lambda: self.running == 0, timeout=self.DEBUGGER_SECONDS)


class Reloader(autoreload.StatReloader):
    """Polls twice a second, and finds files that were saved while this process was loading."""

    SLEEP_TIME = 0.5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.to_read_again = set[Path]()

    def notify_file_changed(self, path: str | os.PathLike[str]) -> None:
        with requests.none_running() as none_was:
            super().notify_file_changed(path)
        if not none_was:  # it may have compiled a page with the old text, and kept it just now
            self.to_read_again.add(Path(path))

    def tick(self) -> Iterator[None]:
        """Poll once per step."""
        seen: dict[Path, float] = {}
        while True:
            again, self.to_read_again = self.to_read_again, set()
            for path in again:
                self.notify_file_changed(path)
            for path, saved_at in self.snapshot_files():
                # A file from the future would otherwise count as saved at every start.
                before = seen.get(path, STARTED_AT if saved_at <= time.time() else saved_at)
                if saved_at > before:
                    self.notify_file_changed(path)
                seen[path] = saved_at
            time.sleep(self.SLEEP_TIME)
            yield


requests = Requests()


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


def serve(port: int, loaded: TextIO | None) -> None:
    gc.disable()  # loading makes no garbage, and collecting takes a fifth of the start
    from config.wsgi import application

    import_module(settings.ROOT_URLCONF)
    gc.freeze()
    gc.enable()
    if loaded:
        with loaded:
            loaded.write("\n".join(library_modules()))
    from api.request_log import REQUESTS
    from config.local.links import links_first

    REQUESTS.start()
    counted = requests.counted(links_first(application))
    basehttp.run(HOST, port, counted, threading=True)  # type: ignore[arg-type]


def library_modules() -> Iterator[str]:
    """The names of all loaded modules that are not ours, in the order in which they were loaded."""
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None)
        if place and (LIBRARIES in Path(place).parents or STANDARD in Path(place).parents):
            yield name


def serve_until_changed(port: int, loaded: TextIO | None = None) -> None:
    """Serve; write the names of the loaded library modules to `loaded`.

    Raises SystemExit, with the code of Django's reloader when the code changes.
    """
    autoreload.get_reloader = Reloader
    autoreload.autoreload_started.connect(watch_texts)
    autoreload.file_changed.connect(compile_text)
    os.environ[autoreload.DJANGO_AUTORELOAD_ENV] = "true"
    autoreload.run_with_reloader(serve, port, loaded)


if __name__ == "__main__":
    serve_until_changed(int(sys.argv[1]))
