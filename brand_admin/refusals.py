"""Show what a service refused: at a field of the form, or as a message over the page.

A service raises a domain exception whose text says what is wrong, and whose `field`, where it has
one, says which value. Here that becomes a sentence.
"""

from __future__ import annotations

import re

from django import forms
from django.utils.text import capfirst

FIRST_WORD = re.compile(r"[^\W\d_]+(?=[\s,:]|$)")


def add_refusal(form: forms.Form, error: Exception, *, field: str | None = None) -> None:
    """Put `error` at `field`, or at the one that it names; where there is none, over the form.

    A form asks for the day ("starts_on") of what a service calls a moment ("starts_at").
    """
    name = field or str(getattr(error, "field", ""))
    names = (name, re.sub("_at$", "_on", name))
    form.add_error(next((one for one in names if one in form.fields), None), sentence(error))


def sentence(error: Exception | str) -> str:
    """The text with a capital and a full stop, whether or not it has them.

    An address or a code that it begins with stays as it is.
    """
    text = str(error).strip()
    if FIRST_WORD.match(text):
        text = capfirst(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."
