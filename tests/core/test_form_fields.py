"""Names and other texts of one line stay on one line, whatever a client sends."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from django import forms

from core.form_fields import OneLineField
from tests.architecture.source import modules, relative

NAMES = {"first_name", "holder", "label", "last_name", "name", "note", "reference", "sender_name"}
TEXT_AREAS = {"MissingSaleForm.note"}
WEB_PACKAGES = ("brand_admin/", "config/platform/", "portal/")


def names_in_forms() -> Iterator[tuple[str, forms.Field]]:
    for path in modules():
        if relative(path).startswith(WEB_PACKAGES) and "forms." in path.read_text():
            module = importlib.import_module(relative(path).removesuffix(".py").replace("/", "."))
            for form in vars(module).values():
                if isinstance(form, type) and issubclass(form, forms.BaseForm):
                    for name, field in getattr(form, "base_fields", {}).items():
                        if name in NAMES and isinstance(field, forms.CharField):
                            yield f"{form.__name__}.{name}", field


def test_every_name_that_a_form_asks_for_is_one_line() -> None:
    found = dict(names_in_forms())

    assert {key for key, field in found.items() if not isinstance(field, OneLineField)} == (
        TEXT_AREAS
    )
    assert len(found) > 15


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("Juniper & Co", "Juniper & Co"),
        ("  Juniper\r\nBcc: x@example.com  ", "Juniper Bcc: x@example.com"),
        ("Juniper\n\n\tand   Co", "Juniper and Co"),
    ],
)
def test_line_breaks_become_spaces(typed: str, cleaned: str) -> None:
    assert OneLineField().clean(typed) == cleaned


@pytest.mark.parametrize("typed", [" \n ", "Juni\0per"])
def test_white_space_and_null_characters_are_no_name(typed: str) -> None:
    with pytest.raises(forms.ValidationError):
        OneLineField().clean(typed)
