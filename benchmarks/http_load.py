"""Send requests over many connections as fast as a server answers, in a separate process.

`python -m benchmarks.http_load` reads JSON from its input: port, connections, seconds, pause, and
requests (whole, as text), which each connection sends one after another. A connection waits `pause`
seconds before its next request, or REFUSED_PAUSE_SECONDS after a refused one. It prints the
response times of served and of refused requests in milliseconds, and the number of broken
connections.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from dataclasses import dataclass, field

REFUSED_PAUSE_SECONDS = 0.1  # a client that honours Retry-After waits longer
UNIQUE = "{unique}"  # in a request, replaced with a new number each time


@dataclass
class Tally:
    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    broken: int = 0


async def ask(
    port: int, requests: list[str], *, first: int, until: float, pause: float, tally: Tally
) -> None:
    """One connection, opened again when the server closes it."""
    numbers = itertools.count(first, 1_000)
    turns = itertools.islice(itertools.cycle(requests), first % len(requests), None)
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while time.monotonic() < until:
                    # The number is as long as the placeholder, so that Content-Length stays right.
                    text = next(turns).replace(UNIQUE, f"{next(numbers):0{len(UNIQUE)}}")
                    begun = time.perf_counter()
                    writer.write(text.encode())
                    status = await read_answer(reader)
                    taken = (time.perf_counter() - begun) * 1_000
                    (tally.refused if status == 503 else tally.served).append(taken)
                    assert status in {200, 201, 503}, (status, text[:300])
                    await asyncio.sleep(REFUSED_PAUSE_SECONDS if status == 503 else pause)
            finally:
                writer.close()
        except (OSError, asyncio.IncompleteReadError):
            tally.broken += 1


async def read_answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer, read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(
        int(line.partition(":")[2]) for line in head.splitlines() if "content-length" in line
    )
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])


async def main() -> None:
    given = json.load(sys.stdin)
    tally = Tally()
    until = time.monotonic() + given["seconds"]
    await asyncio.gather(
        *(
            ask(
                given["port"], given["requests"], first=number, until=until,
                pause=given["pause"], tally=tally,
            )
            for number in range(given["connections"])
        )
    )  # fmt: skip
    print(json.dumps({"served": tally.served, "refused": tally.refused, "broken": tally.broken}))


if __name__ == "__main__":
    asyncio.run(main())
