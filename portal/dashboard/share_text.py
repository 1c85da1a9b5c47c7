"""The text that a member shares: code, link, and the word that says it is advertising.

A member who earns from a recommendation has to say so where it stands: 16 CFR 255.5 in the United
States, Directive 2005/29/EC (annex I, no. 11) in the European Union.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


def share_text(*, brand: str, code: str, url: str) -> str:
    """Return the text in the reader's language; "" without a code and without a link."""
    if code:
        text = _("Ad: my code for %(brand)s is %(code)s. I earn a commission if you use it.") % {
            "brand": brand,
            "code": code,
        }
    elif url:
        text = _("Ad: my link to %(brand)s. I earn a commission if you order through it.") % {
            "brand": brand
        }
    else:
        return ""
    return f"{text}\n{url}" if url else text
