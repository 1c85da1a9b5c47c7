"""The local mail server: takes every mail and puts it into a folder that the inbox page shows."""

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
    """Writes each mail as it came, with its envelope before it, into a Maildir.

    aiosmtpd's own handler takes every mail apart and waits for the disk, which is too slow to
    keep up with a campaign, and a mail of local mode needn't outlive a power cut.
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
    """A server that hands every mail that comes to `port` of this machine to `keeper`."""
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
