"""Click ids of the redirect: made with prepared keys, and never accepted when altered."""

from __future__ import annotations

import hmac
import random
import string
from datetime import UTC, datetime

from django.conf import settings
from hypothesis import given
from hypothesis.strategies import binary

from core.keyed_hash import KeyedHash
from tracking.links import click_ids

FORGED = 10_000
SECOND = 1_795_953_380
ALPHABET = string.ascii_letters + string.digits + "-_"


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


def forged(click_id: str, chance: random.Random) -> str:
    """The id with one to three characters altered, of another length, or made up."""
    kind = chance.random()
    if kind < 0.1:
        return "".join(chance.choices(ALPHABET, k=len(click_id)))
    if kind < 0.2:
        return click_id[: chance.randrange(len(click_id))] + chance.choice(("", "=", "A"))
    characters = list(click_id)
    for place in chance.sample(range(len(characters)), chance.randrange(1, 4)):
        characters[place] = chance.choice(ALPHABET.replace(characters[place], ""))
    return "".join(characters)


def accepted(number: int, seed: int) -> list[str]:
    """Those of so many forged click ids that are taken for ours."""
    chance, mint = random.Random(seed), click_ids.Minting(settings.CLICK_KEYS[0])
    real = mint.make(click_ids.link_bytes(7), click_ids.second_bytes(SECOND))
    assert click_ids.read(real)
    made = (forged(real, chance) for _ in range(number))
    return [one for one in made if one != real and click_ids.read(one) is not None]


def test_no_forged_click_id_is_accepted() -> None:
    assert accepted(FORGED, seed=14) == []
