"""The page that a request asks to be led on to, in `next` or `back`: one of this site or none."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def safe_redirect_path(wanted: str) -> str:
    """Return `wanted` if it is an absolute path on this site, else "".

    A full address is refused whatever its host is. So is a relative path: Django's `redirect` would
    take it for the name of a view.
    """
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else ""
