"""URLs of pages, made for each row of a list without going through all patterns each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.safestring import SafeString

PLAIN = re.compile(r"[-a-zA-Z0-9_]+")  # needs no quoting, and any path converter of text takes it
PROBES: dict[type, Callable[[int], object]] = {
    int: int,
    str: "probe-{}".format,
    SafeString: "probe-{}".format,  # written in the template
    UUID: lambda number: UUID(int=number),
}

PLAIN_KINDS = frozenset(PROBES)
NO_NAMES: Mapping[str, object] = {}


def page_url(
    name: str, args: Sequence[object] = (), kwargs: Mapping[str, object] = NO_NAMES
) -> str:
    """What `reverse` says. Raises NoReverseMatch."""
    kinds = tuple(map(type, args))
    if kwargs or not PLAIN_KINDS.issuperset(kinds):
        return reverse(name, args=list(args), kwargs=dict(kwargs))
    return _kept(name, kinds, tuple(args), settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=4096)  # every page has the addresses of the navigation
def _kept(
    name: str, kinds: tuple[type, ...], args: tuple[Any, ...], urlconf: object, prefix: str
) -> str:
    is_plain = all(
        (kind is int and value >= 0)
        or (issubclass(kind, str) and PLAIN.fullmatch(value))
        or kind is UUID
        for kind, value in zip(kinds, args, strict=True)
    )
    pattern = _pattern(name, kinds, urlconf, prefix) if is_plain else None
    return reverse(name, args=args) if pattern is None else pattern.format(*args)


def url_pattern(name: str, *args: object) -> str:
    """The URL with a place for each argument, for `str.format`. Raises NoReverseMatch.

    It holds for arguments of the same kinds: numbers from 0 on, and texts that need no quoting.
    """
    pattern = _pattern(name, tuple(map(type, args)), settings.ROOT_URLCONF, get_script_prefix())
    if pattern is None:
        raise NoReverseMatch(f"There is no pattern for {name!r} with {args!r}.")
    return pattern


@lru_cache(maxsize=1024)
def _pattern(name: str, kinds: tuple[type, ...], urlconf: object, prefix: str) -> str | None:
    """The address with a place for each argument; None when it does not simply hold them."""
    given = [PROBES[kind](7_310_000_000 + place) for place, kind in enumerate(kinds)]
    probes = [str(value) for value in given]
    try:
        address = reverse(name, args=given)
    except NoReverseMatch:
        return None
    form = address.replace("{", "{{").replace("}", "}}")
    for place, probe in enumerate(probes):
        if form.count(probe) != 1:
            return None
        form = form.replace(probe, f"{{{place}}}")
    return form
