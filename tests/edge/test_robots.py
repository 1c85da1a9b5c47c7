"""Robots are known by their User-Agent, as crawlerdetect knows them, and in little time."""

from __future__ import annotations

import random
import re
import string
import time

import pytest
from crawlerdetect import CrawlerDetect
from crawlerdetect.providers.crawlers import data as robots
from crawlerdetect.providers.exclusions import data as exclusions

from edge.robots import is_robot

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.0 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Cubot X30) Instagram 300.0.0.0 Android (34/14; 450dpi)",
)
SYNTAX = re.compile(r"\\([^\w\s])|\\[a-zA-Z]|[\[\]^$*+?{}()|]")
SLOW_SECONDS = 0.01  # of the processor; all patterns as one take up to 0.04


def examples() -> list[str]:
    """Headers made of each pattern's text, alone and in a browser's header, and random ones."""
    chance = random.Random(1)
    words = [SYNTAX.sub(r"\1", pattern) for pattern in [*robots, *exclusions]]
    letters = (string.ascii_letters, "ab", "bot", string.printable)
    return [
        *BROWSERS,
        *words,
        *[f"{BROWSERS[0]} {word}/1.0" for word in words],
        *[f"{word} {chance.choice(words)}" for word in words],
        *["".join(chance.choices(chance.choice(letters), k=30)) for _ in range(1_000)],
    ]


def test_it_answers_as_crawlerdetect_does() -> None:
    whole = CrawlerDetect()
    found = {agent: whole.is_crawler(agent) for agent in examples()}

    assert {agent: is_robot(agent) for agent in found} == found
    assert sum(found.values()) > 1_000
    assert not any(found[agent] for agent in BROWSERS)


@pytest.mark.parametrize("letters", ["a", "ab", "bo", "0", " ", "/", string.ascii_letters])
def test_no_header_holds_the_web_process_up(letters: str) -> None:
    agent = "".join(random.Random(1).choices(letters, k=300))
    times = []
    for _ in range(3):
        begun = time.thread_time()
        is_robot(agent)
        times.append(time.thread_time() - begun)

    assert min(times) < SLOW_SECONDS
