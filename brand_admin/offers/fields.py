"""Form fields of an offer: rates, which are read exactly, and domains."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from brand_admin.amounts import read_decimal

DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class PercentField(forms.CharField):
    """A percentage with at most two decimals, as basis points. Empty is None."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        basis_points = read_decimal(text.removesuffix("%")) * 100
        if basis_points != int(basis_points):
            raise ValidationError("Use at most two decimals.")
        if not 0 <= basis_points <= 10_000:
            raise ValidationError("The rate must be between 0 % and 100 %.")
        return int(basis_points)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return f"{Decimal(value) / 100:f}" if value else ""
        return value


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
