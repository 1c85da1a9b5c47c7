"""A DNS server on this machine that answers from a table."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from dns import flags, message, rcode, rdatatype, rrset
from dns.resolver import Resolver

from tests.own_processes import MAX_WAIT_SECONDS


class DnsStandIn:
    """`texts` holds the TXT records by name, `aliases` the CNAME records, `addresses` the A and
    AAAA records; a name in `failing` answers SERVFAIL."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.aliases: dict[str, str] = {}
        self.addresses: dict[str, list[str]] = {}
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while True:
            packet, client = self.socket.recvfrom(4096)
            if not packet:
                return
            self.socket.sendto(self.answer(message.from_wire(packet)).to_wire(), client)

    def answer(self, query: message.Message) -> message.Message:
        reply = message.make_response(query)
        reply.flags |= flags.RA
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if name in self.failing:
            reply.set_rcode(rcode.SERVFAIL)
        elif not {name} & {*self.texts, *self.aliases, *self.addresses}:
            reply.set_rcode(rcode.NXDOMAIN)
        else:
            kind = rdatatype.to_text(query.question[0].rdtype)
            self.add(reply, name, kind)
        return reply

    def add(self, reply: message.Message, name: str, kind: str) -> None:
        """Add the records of this kind; a CNAME record answers for every kind."""
        target = self.aliases.get(name)
        if target is not None:
            reply.answer.append(rrset.from_text_list(f"{name}.", 60, "IN", "CNAME", [f"{target}."]))
            if kind != "CNAME":
                self.add(reply, target, kind)
            return
        by_kind = {
            "TXT": [quote(text) for text in self.texts.get(name, [])],
            "A": [one for one in self.addresses.get(name, []) if ":" not in one],
            "AAAA": [one for one in self.addresses.get(name, []) if ":" in one],
        }
        if found := by_kind.get(kind):
            reply.answer.append(rrset.from_text_list(f"{name}.", 60, "IN", kind, found))

    def resolver(self) -> Resolver:
        made = Resolver(configure=False)
        host, port = self.socket.getsockname()
        made.nameservers, made.port = [host], port
        return made

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.socket.getsockname())
        self.thread.join(timeout=MAX_WAIT_SECONDS)
        self.socket.close()


def quote(text: str) -> str:
    """As zone files write it: in pieces of at most 255 letters."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255) or [0])


@pytest.fixture
def dns() -> Iterator[DnsStandIn]:
    server = DnsStandIn()
    yield server
    server.stop()
