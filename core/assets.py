"""One stylesheet per kind of page, joined from one file per component, without a build step.

A page links one address. It holds a digest of the content, so browsers cache it for ever and it is
never stale. The second stylesheet is a brand's accent colour. It depends only on the colour in its
address, so browsers cache it for ever too. Both are public.

A page that must render from its first response holds both as inline styles. Its
Content-Security-Policy names them by hash, so the browser accepts no other inline style.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, register_converter
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from core.colour import dark_accent, light_accent

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
MAX_CARRIED_STYLES = 256  # one for each brand's colour that was used last, some 40 kB each
FOREVER = "public, max-age=31536000, immutable"
EVERYWHERE = (
    "tokens",
    "base",
    "forms",
    "components/icon",
    "components/button",
    "components/badge",
    "components/card",
    "components/stat",
    "components/alert",
    "components/avatar",
    "components/chip",
    "components/code",
    "components/copy_field",
    "components/segmented",
    "components/progress",
    "components/bar_chart",
    "components/rows",
    "components/definition_list",
    "components/dialog",
    "components/empty_state",
    "components/page_header",
    "components/toast",
    "components/scheme_switch",
    "components/language_switch",
)
STYLESHEETS = {
    "portal": (*EVERYWHERE, "components/pagination", "portal", "dashboard", "print"),
    "admin": (
        *EVERYWHERE,
        "components/search_box",
        "components/tiles",
        "components/table",
        "components/pagination",
        "components/selection_bar",
        "components/filter_bar",
        "components/tabs",
        "components/steps",
        "components/menu",
        "components/drawer",
        "components/mail",
        "components/drawing",
        "components/connection",
        "components/test_band",
        "admin",
        "print",
    ),
    "documentation": (*EVERYWHERE, "components/table", "documentation", "print"),
}


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """A whole stylesheet, its gzip form and the digest its address carries."""

    body: bytes
    compressed: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class CarriedStyle:
    """An inline stylesheet, and its source expression for the Content-Security-Policy."""

    body: str
    source: str


def stylesheet(name: str) -> Stylesheet:
    """Return the stylesheet `name`. With `make dev`, read it again when a file has changed."""
    sources = _sources(name)
    seen = max(source.stat().st_mtime_ns for source in sources) if settings.DEBUG else 0
    return _read(sources, seen)


@lru_cache(maxsize=2 * len(STYLESHEETS))  # locally one more for each change of a file
def _read(sources: tuple[Path, ...], seen: int) -> Stylesheet:
    body = without_comments("\n".join(source.read_text() for source in sources)).encode()
    return Stylesheet(
        body=body,
        compressed=gzip.compress(body, compresslevel=9, mtime=0),
        digest=hashlib.sha256(body).hexdigest()[:12],
    )


def without_comments(css: str) -> str:
    """Return the same rules without comments and line breaks.

    A dashboard holds its stylesheet inline. The first response of a connection is ten packets long
    (RFC 6928): what doesn't fit costs a phone one more round trip.
    """
    lines = (line.strip() for line in COMMENT.sub("", css).splitlines())
    tight = ""
    for line in filter(None, lines):
        tight += line if tight.endswith(("{", "}", ";", ",")) else f" {line}"
    return tight.lstrip()


@cache
def _sources(name: str) -> tuple[Path, ...]:
    folder = Path(settings.BASE_DIR) / "static" / "css"
    return tuple(folder / f"{part}.css" for part in STYLESHEETS[name])


def carried_style(name: str, accent: str) -> CarriedStyle:
    """Return the stylesheet `name` with a brand's colour ("#1a2b3c" or "") as an inline style."""
    return _carried(stylesheet(name).body, accent.removeprefix("#").lower())


@lru_cache(maxsize=MAX_CARRIED_STYLES)
def _carried(body: bytes, colour: str) -> CarriedStyle:
    text = (body + b"\n" + _accent(colour) if colour else body).decode()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return CarriedStyle(body=text, source=f"'sha256-{digest}'")


@require_safe
def show_stylesheet(request: HttpRequest, sheet: str, digest: str) -> HttpResponse:
    """Serve a stylesheet. An old page's digest gets today's stylesheet, not cached."""
    if sheet not in STYLESHEETS:
        raise Http404
    found = stylesheet(sheet)
    keep = FOREVER if digest == found.digest else "no-cache"
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    return _css(found.compressed if packed else found.body, keep=keep, packed=packed)


@require_safe
def show_accent(request: HttpRequest, colour: str) -> HttpResponse:
    """Serve the CSS variables of one colour, readable in the light and the dark scheme."""
    return _css(_accent(colour), keep=FOREVER, packed=False)


def _accent(colour: str) -> bytes:
    light, dark = light_accent(colour), dark_accent(colour)
    return (
        "@layer tokens{:root{"
        f"--accent:light-dark(#{light.accent},#{dark.accent});"
        f"--on-accent:light-dark(#{light.on_accent},#{dark.on_accent});"
        f"--accent-soft:light-dark(#{light.soft},#{dark.soft})"
        "}}"
    ).encode()


def _css(body: bytes, *, keep: str, packed: bool) -> HttpResponse:
    response = HttpResponse(body, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = keep
    if packed:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


class ColourConverter:
    """Six lower case hexadecimal digits in an address."""

    regex = "[0-9a-f]{6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ColourConverter, "colour")

app_name = "assets"
urlpatterns = [
    path("<slug:sheet>.<slug:digest>.css", show_stylesheet, name="stylesheet"),
    path("accent/<colour:colour>.css", show_accent, name="accent"),
]
