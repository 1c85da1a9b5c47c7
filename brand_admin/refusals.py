"""Show the error of a service: at a field of the form, or above the form.

A service raises a domain exception. Its text says what is wrong, and its `field`, if it has one,
names the value. This module turns the text into a sentence.
"""

from __future__ import annotations

import re

from django import forms

from core.text import sentence


def add_refusal(
    form: forms.Form, error: Exception, *, field: str | None = None, as_it_is: bool = False
) -> None:
    """Add `error` to `field`, or to the field that it names; without a field, above the form.

    A form has the day ("starts_on") of what a service knows as a time ("starts_at"). A text that
    may begin with what somebody typed is shown `as_it_is`.
    """
    name = field or str(getattr(error, "field", ""))
    names = (name, re.sub("_at$", "_on", name))
    shown = str(error) if as_it_is else sentence(error)
    form.add_error(next((one for one in names if one in form.fields), None), shown)
