"""The local mail server: takes every mail and puts it into a folder that the inbox page shows."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP

from config.local.ports import HOST


async def serve(*, port: int, folder: Path) -> None:
    """Take mails on `port` into the Maildir `folder` until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    handler = Mailbox(folder)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True), HOST, port
    )
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(port=int(sys.argv[1]), folder=Path(sys.argv[2])))
