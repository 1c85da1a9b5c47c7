"""What forms of every room have in common."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms


class Confirmation(forms.Form):
    """The form's own key, so that a second click asks for nothing new."""

    confirmation = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("confirmation", uuid.uuid4())
