"""Countries of payout accounts, with names from CLDR in the reader's language."""

from __future__ import annotations

from core.languages import spoken_locale

# CLDR regions that are no country with banks, or are groups of countries.
NO_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)


def countries() -> list[tuple[str, str]]:
    """Return the ISO code and name of every country, sorted by name."""
    names = spoken_locale().territories
    found = [
        (code, str(name))
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
    ]
    return sorted(found, key=lambda pair: pair[1].casefold())
