"""How the end of a link that somebody chooses is written, and which ones nobody gets. Pure.

A slug is spoken, typed and printed, so letters of other alphabets are written in English ones, and
two slugs that look alike count as the same: `tracking_folded_slug` in PostgreSQL keeps them apart,
and `folded` here is the same function.
"""

from __future__ import annotations

import re

from anyascii import anyascii
from django.utils.translation import gettext as _

MIN_SLUG_LENGTH, MAX_SLUG_LENGTH = 3, 40
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_AS_DIGITS = str.maketrans("oli", "011")

# Words by which a link would seem to be a page of ours, of a brand, or of its team. The first words
# of our own addresses are among them; a test compares.
_RESERVED = """
    account accounts admin api app apps assets auth billing blog brand brands cdn certificates
    checkout contact creator creators d dashboard dev developers docs domains download email faq
    favicon feed ftp healthz help home host hosts imprint inbox index info invitation invite invoice
    join language legal link links live login logout mail manage media member members metrics news
    null official offer offers once operator pay payment payments payout payouts paypal phishing
    pictures platform portal postmaster press privacy r readyz refund register robots root sales
    secure security settings shop shops signin signup sitemap staff static stats status store
    support system t team terms test tracking tributary u undefined unsubscribe verify webhook
    webhooks webmaster well-known www
"""
# Whole words between hyphens, so that no name that merely holds one is refused.
_ABUSIVE = """
    arschloch bastard bitch cabron connard cunt fick fuck fucker fucking hitler hure kike merde
    nazi nigger nigga porn porno puta putain pute rape rapist salope scheisse shit slut twat wank
    whore wichser
"""
RESERVED, ABUSIVE = frozenset(_RESERVED.split()), frozenset(_ABUSIVE.split())


class SlugError(ValueError):
    """Nobody can choose this slug. The message is a sentence in the reader's language."""


def folded(slug: str) -> str:
    """Return the slug with what looks alike made equal, as PostgreSQL does."""
    text = slug.lower().replace("-", "").replace("rn", "m").replace("vv", "w")
    return text.translate(_AS_DIGITS)


_FOLDED_RESERVED = frozenset(map(folded, RESERVED))
_FOLDED_ABUSIVE = frozenset(map(folded, ABUSIVE))


def read_slug(text: str) -> str:
    """Return a slug in its stored form: "Mära K." is mara-k. Raises SlugError.

    Other alphabets become English letters; spaces, dots and underscores become hyphens.
    """
    typed = re.sub(r"[\s._-]+", "-", anyascii(text.strip()).lower()).strip("-")
    if not _SLUG.fullmatch(typed) or not MIN_SLUG_LENGTH <= len(typed) <= MAX_SLUG_LENGTH:
        raise SlugError(
            _("Use %(least)s to %(most)s letters and digits, with hyphens between them.")
            % {"least": MIN_SLUG_LENGTH, "most": MAX_SLUG_LENGTH}
        )
    return typed


def is_reserved(slug: str) -> bool:
    """Whether nobody gets the slug, in its stored form, or one that looks like it."""
    if folded(slug) in _FOLDED_RESERVED | _FOLDED_ABUSIVE:
        return True
    return any(folded(word) in _FOLDED_ABUSIVE for word in slug.split("-"))
