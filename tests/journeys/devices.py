"""The screens that people use, and on which of them a test is run."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.amounts import IS_SOAK

DESKTOP: dict[str, Any] = {"width": 1440, "height": 900}
PHONE: dict[str, Any] = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
DEVICES = {"desktop": DESKTOP, "phone": PHONE}


def on_a(device: str) -> pytest.MarkDecorator:
    """Run a test on the "desktop" or the "phone"; a soak runs it on both.

    The server cannot tell them apart. So this is for steps that another test takes on the other
    device, and for pages that are shown on both (`tests.inspection.prepare`).
    """
    names = list(DEVICES) if IS_SOAK else [device]
    return pytest.mark.parametrize("device", [DEVICES[name] for name in names], ids=names)


def combined(names: str, *usual: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Run a test with these combinations, in which each value is; a soak tries all that there are.

    `names` are those of the arguments, as for `pytest.mark.parametrize`.
    """
    columns = zip(*usual, strict=True) if IS_SOAK else ()
    # A device is a dict, which no set can hold.
    values = [[one for at, one in enumerate(all_) if one not in all_[:at]] for all_ in columns]
    return pytest.mark.parametrize(names, list(product(*values)) if values else usual, ids=_id)


def _id(value: object) -> str:
    named = [name for name, device in DEVICES.items() if device == value]
    return named[0] if named else str(getattr(value, "__name__", value))
