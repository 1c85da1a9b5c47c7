"""The form field for domains."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class DomainsField(forms.CharField):
    """Domain names, one per line or with commas between them."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        names = [name.lower() for name in re.split(r"[\s,]+", text) if name]
        for name in names:
            if len(name) > 253 or not DOMAIN.fullmatch(name):
                raise ValidationError(f"{name} is not a domain: write it like shop.example.com.")
        return list(dict.fromkeys(names))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value
