"""The local mail server: it saves every mail in a folder that the inbox page shows."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from mailbox import Maildir
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from config.local.ports import HOST


class Keeper:
    """Writes each mail unchanged into a Maildir, with its envelope as headers.

    aiosmtpd's own handler parses every mail and waits for the disk. That is too slow for a
    campaign, and a mail in local mode need not survive a power cut.
    """

    def __init__(self, folder: Path) -> None:
        Maildir(folder)  # makes the folders
        self._draft = folder / "tmp"
        self._kept = folder / "new"
        self._numbers = itertools.count()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._numbers)}.local"
        head = f"X-MailFrom: {envelope.mail_from}\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\n"
        content = envelope.content
        body = content if isinstance(content, bytes) else str(content).encode()
        draft = self._draft / name
        draft.write_bytes(head.encode() + body.replace(b"\r\n", b"\n"))
        draft.rename(self._kept / name)
        return "250 OK"


async def serve(*, keeper: Keeper, port: int) -> asyncio.Server:
    """Start a server on `port` of this machine that passes every mail to `keeper`."""
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True), HOST, port
    )


async def main(*, port: int, folder: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with await serve(keeper=Keeper(folder), port=port):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(port=int(sys.argv[1]), folder=Path(sys.argv[2])))
