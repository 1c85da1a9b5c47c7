"""Click ids of the redirect: made with prepared keys, and never accepted when altered."""

from __future__ import annotations

import base64
import hmac
import os
import random
import string
from datetime import UTC, datetime

from django.conf import settings
from hypothesis import given
from hypothesis.strategies import binary

from core.keyed_hash import KeyedHash
from tracking.links import click_ids

FORGED = int(os.environ.get("FORGED_IDS", "10000"))
SECOND = 1_795_953_380
ALPHABET = string.ascii_letters + string.digits + "-_"
LOOK_ALIKES = {
    "a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х", "A": "Α", "B": "В", "-": "‐",
    "_": "ˍ", "0": "О", "1": "l", "l": "1", "K": "\u212a", "s": "ſ",
}  # fmt: skip
MINT = click_ids.Minting(settings.CLICK_KEYS[0])


@given(binary(max_size=200), binary(max_size=50), binary(max_size=300))
def test_a_prepared_key_gives_the_same_digest(key: bytes, beginning: bytes, text: bytes) -> None:
    prepared = KeyedHash(key, beginning=beginning)

    assert prepared.digest(text) == hmac.digest(key, beginning + text, "sha256")
    assert prepared.digest(text) == prepared.digest(text)


def test_ids_of_one_link_and_second_differ_and_are_read_back() -> None:
    mint = click_ids.Minting(settings.CLICK_KEYS[0])
    link, second = click_ids.link_bytes(7), click_ids.second_bytes(SECOND)

    made = {mint.make(link, second) for _ in range(2_000)}

    assert len(made) == 2_000
    moment = datetime.fromtimestamp(SECOND, tz=UTC)
    assert {click_ids.read(one) for one in made} == {click_ids.ClickIdContents(7, moment)}


def own_bytes(click_id: str) -> bytearray:
    return bytearray(base64.urlsafe_b64decode(click_id))


def encoded(raw: bytes | bytearray) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def one_bit_flipped(click_id: str, chance: random.Random) -> str:
    raw = own_bytes(click_id)
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return encoded(raw)


def other_contents(click_id: str, chance: random.Random) -> str:
    """The signature of one link and second under another link's id, or a later second."""
    raw = own_bytes(click_id)
    place = chance.choice((slice(0, 8), slice(8, 13)))
    number = int.from_bytes(raw[place], "big") + chance.choice((-1, 1, chance.randrange(2, 9_999)))
    raw[place] = number.to_bytes(place.stop - place.start, "big")
    return encoded(raw)


def characters_altered(click_id: str, chance: random.Random) -> str:
    characters = list(click_id)
    for place in chance.sample(range(len(characters)), chance.randrange(1, 4)):
        characters[place] = chance.choice(ALPHABET.replace(characters[place], ""))
    return "".join(characters)


def made_up(click_id: str, chance: random.Random) -> str:
    return "".join(chance.choices(ALPHABET, k=len(click_id)))


def cut(click_id: str, chance: random.Random) -> str:
    return click_id[: chance.randrange(len(click_id))] + chance.choice(("", "=", "==", "A", "\0"))


def extended(click_id: str, chance: random.Random) -> str:
    more = chance.choice((*ALPHABET, "=", "====", " ", "\n", "\0", "%00", "\u200b", click_id))
    place = chance.choice((0, len(click_id), chance.randrange(len(click_id))))
    return click_id[:place] + more + click_id[place:]


def in_other_case(click_id: str, chance: random.Random) -> str:
    letters = [place for place, one in enumerate(click_id) if one.isalpha()]
    changed = set(chance.sample(letters, chance.randrange(1, len(letters) + 1)))
    return "".join(
        one.swapcase() if place in changed else one for place, one in enumerate(click_id)
    )


def with_look_alikes(click_id: str, chance: random.Random) -> str:
    """A letter of another alphabet, also one that becomes the same letter in NFKC."""
    place = chance.randrange(len(click_id))
    one = click_id[place]
    alike = LOOK_ALIKES.get(one, chr(ord(one) + 0xFEE0))  # full width
    return click_id[:place] + alike + click_id[place + 1 :]


def in_the_other_alphabet(click_id: str, chance: random.Random) -> str:
    """Base64 as it is written elsewhere (RFC 4648 section 4), and as in an address."""
    spelling = chance.choice(({"-": "+"}, {"_": "/"}, {"-": "+", "_": "/"}, {"-": "%2B"}))
    return "".join(spelling.get(one, one) for one in click_id)


def of_another_key(click_id: str, chance: random.Random) -> str:
    raw = own_bytes(click_id)
    key = chance.randbytes(32).hex()
    return click_ids.Minting(key).make(bytes(raw[:8]), bytes(raw[8:13]))


def two_halves(click_id: str, chance: random.Random) -> str:
    """Of two real ids."""
    raw = own_bytes(click_id)
    other = real(chance.randrange(1, 1_000))
    return encoded(bytes(raw[:20]) + bytes(own_bytes(other)[20:]))


FORGERIES = (
    one_bit_flipped, other_contents, characters_altered, made_up, cut, extended, in_other_case,
    with_look_alikes, in_the_other_alphabet, of_another_key, two_halves,
)  # fmt: skip


def real(link_id: int) -> str:
    return MINT.make(click_ids.link_bytes(link_id), click_ids.second_bytes(SECOND))


def accepted(number: int, seed: int) -> list[str]:
    """Those of so many forged click ids that are taken for ours, each with how it was made."""
    chance, found = random.Random(seed), []
    for turn in range(number):
        if turn % 100 == 0:
            click_id = real(chance.randrange(1, 1_000))
            assert click_ids.read(click_id)
        forge = FORGERIES[turn % len(FORGERIES)]
        forged = forge(click_id, chance)
        if forged != click_id and click_ids.read(forged) is not None:
            found.append(f"{forge.__name__}: {forged}")
    return found


def test_no_forged_click_id_is_accepted() -> None:
    assert accepted(FORGED, seed=14) == []
