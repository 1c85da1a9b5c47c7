"""An SMTP server that accepts and discards every mail, much faster than what is measured.

`python -m benchmarks.sink` prints its port. To every line on its input it answers with how many
mails came so far, and when the first and the last of them did, by the machine's monotonic clock;
after the line `again` it counts anew.
"""

from __future__ import annotations

import asyncio
import sys
import time

END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": b"250-sink.example\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
TAKEN = b"250 taken\r\n"


class Tally:
    """What came so far."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.mails, self.first_at, self.last_at = 0, 0.0, 0.0

    def add(self) -> None:
        self.mails += 1
        self.last_at = time.monotonic()
        self.first_at = self.first_at or self.last_at

    def __str__(self) -> str:
        return f"{self.mails} {self.first_at} {self.last_at}"


class Conversation(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.waiting = b""
        self.in_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        answers = []
        while (answer := self.next_answer()) is not None:
            answers.append(answer)
        if answers:
            self.transport.write(b"".join(answers))

    def next_answer(self) -> bytes | None:
        head, end, rest = self.waiting.partition(END if self.in_content else b"\r\n")
        if not end:
            return None
        self.waiting = rest
        if self.in_content:
            self.in_content = False
            self.tally.add()
            return TAKEN
        self.in_content = head[:4].upper() == b"DATA"
        return ANSWERS.get(head[:4].upper(), TAKEN)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    tally = Tally()
    server = await loop.create_server(lambda: Conversation(tally), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)

    def tell() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.stop()
        print(tally, flush=True)
        if line == "again\n":
            tally.forget()

    loop.add_reader(sys.stdin, tell)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
