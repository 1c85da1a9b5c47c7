"""Form fields that more than one web package uses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from core.text import one_line


class OneLineField(forms.CharField):
    """A name or another text of one line.

    A browser sends no line break from such a field. Another client may, and a name with a line
    break would split the line of a CSV file or of a mail's header.
    """

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        ProhibitNullCharactersValidator()(text)  # as a CharField does, before `one_line` removes it
        return one_line(text)
