"""The countries somebody can be paid in, by name in the reader's language. Names are CLDR's."""

from __future__ import annotations

from core.languages import spoken_locale

# Regions of CLDR that are no country a bank stands in, or several at once.
NO_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)


def countries() -> list[tuple[str, str]]:
    """Every country's two letters and name, by name."""
    names = spoken_locale().territories
    found = [
        (code, str(name))
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
    ]
    return sorted(found, key=lambda pair: pair[1].casefold())


def country_name(code: str) -> str:
    """ "Germany" for "DE"."""
    return str(spoken_locale().territories.get(code, code))
