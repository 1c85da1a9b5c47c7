"""The quick way to an address finds what `reverse` finds, and fails where it fails."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.http import HttpResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.safestring import SafeString

from core.components.page_urls import page_url, url_pattern

DIGITS = UUID("00000000-0000-0000-0000-000000000001")


def _view(*args: object, **kwargs: object) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("plain/", _view, name="plain"),
    path("member/<slug:brand>/<int:pk>/", _view, name="member"),
    path("text/{x}/<str:text>", _view, name="text"),
    path("run/<uuid:run>/", _view, name="run"),
]
pytestmark = pytest.mark.urls("tests.core.test_page_urls")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("plain", []),
        ("member", ["juniper", 12]),
        ("member", ["juniper-and_co", 0]),
        ("member", ["juniper", "12"]),
        ("text", ["a-b"]),
        ("text", ["a b?&<é>"]),
        ("text", [7]),
        ("member", [SafeString("juniper"), 12]),
        ("text", [SafeString("a b?&<é>")]),
        ("run", [DIGITS]),
        ("run", [str(DIGITS)]),
    ],
)
def test_the_address_is_the_one_of_reverse(name: str, args: list[object]) -> None:
    for _ in range(2):
        assert page_url(name, args, {}) == reverse(name, args=args)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("gone", []),
        ("plain", [1]),
        ("member", ["juniper"]),
        ("member", ["juniper", -1]),
        ("member", ["juniper & co", 1]),
        ("member", ["juniper", "twelve"]),
        ("member", ["juniper", SafeString("twelve")]),
        ("run", ["twelve"]),
        ("text", [""]),
    ],
)
def test_what_has_no_address_is_told(name: str, args: list[object]) -> None:
    with pytest.raises(NoReverseMatch):
        page_url(name, args, {})


def test_arguments_come_by_name_too() -> None:
    assert page_url("member", [], {"brand": "juniper", "pk": 3}) == "/member/juniper/3/"


def test_a_pattern_takes_arguments_of_the_same_kinds() -> None:
    pattern = url_pattern("member", "juniper", 1)

    assert pattern.format("salt-marsh", 12) == reverse("member", args=["salt-marsh", 12])
    with pytest.raises(NoReverseMatch):
        url_pattern("gone", 1)
