"""The form field for domains."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from offers.fields import in_ascii, not_domains


class DomainsField(forms.CharField):
    """Domain names, one per line or with commas between them."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        names = [in_ascii(name) for name in re.split(r"[\s,]+", text) if name]
        for name in not_domains(names):
            raise ValidationError(f"{name} is not a domain: write it like shop.example.com.")
        return list(dict.fromkeys(names))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value
