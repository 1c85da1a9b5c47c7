"""Read in DNS whether a host is the brand's who entered it, and whether it leads to us.

A brand proves that a host is its own with a TXT record beside it, whose text only that brand was
given. The host leads to us with a CNAME record to our host, or with addresses that are ours too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from dns.exception import DNSException
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration, Resolver

from tracking.models import DomainProblem

LABEL = "_tributary"  # the TXT record's name is this before the host
PROOF_BEGINS = "tributary-host="
QUERY_SECONDS = 2.0
CHECK_SECONDS = 6.0  # for all queries of a check together


class DnsSilentError(Exception):
    """DNS gave no answer, so nothing is known."""


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record that a brand has to set."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the problem, "" if there is none, and what DNS holds instead."""

    problem: DomainProblem | str
    seen: str = ""


def records_to_set(host: str, proof: str) -> tuple[Record, Record]:
    """Return the records that a host needs: the one that leads to us, and the proof."""
    return (
        Record("CNAME", host, settings.LINK_HOST),
        Record("TXT", f"{LABEL}.{host}", PROOF_BEGINS + proof),
    )


def find_problem(host: str, proof: str, *, resolver: Resolver | None = None) -> Finding:
    """Check both records. Takes CHECK_SECONDS at most. Raises DnsSilentError."""
    dns = _Asking(resolver or _resolver())
    texts = dns.texts(f"{LABEL}.{host}")
    if PROOF_BEGINS + proof not in texts:
        ours = [text for text in texts if text.startswith(PROOF_BEGINS)]
        problem = DomainProblem.WRONG_PROOF if ours else DomainProblem.NO_PROOF
        return Finding(problem, "; ".join(ours))
    return _where_it_leads(host, dns)


def is_proven(host: str, proof: str, *, resolver: Resolver | None = None) -> bool:
    """Whether the TXT record holds this proof. Raises DnsSilentError."""
    dns = _Asking(resolver or _resolver())
    return PROOF_BEGINS + proof in dns.texts(f"{LABEL}.{host}")


def _where_it_leads(host: str, dns: _Asking) -> Finding:
    alias = dns.alias(host)
    if alias == settings.LINK_HOST:
        return Finding("")
    found = dns.addresses(host)
    if not found:
        return Finding(DomainProblem.NO_ADDRESS, alias)
    if found <= dns.addresses(settings.LINK_HOST):
        return Finding("")
    return Finding(DomainProblem.ELSEWHERE, alias or ", ".join(sorted(found)))


def _resolver() -> Resolver:
    """The machine's resolver, or the one that DNS_SERVER names."""
    try:
        made = Resolver(configure=not settings.DNS_SERVER)
    except NoResolverConfiguration:
        made = Resolver(configure=False)
    if settings.DNS_SERVER:
        address, _, port = settings.DNS_SERVER.rpartition(":")
        made.nameservers, made.port = [address], int(port)
    return made


class _Asking:
    """Queries that end in CHECK_SECONDS together."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.until = time.monotonic() + CHECK_SECONDS

    def texts(self, name: str) -> list[str]:
        found = self._ask(name, RdataType.TXT)
        return [b"".join(row.strings).decode("utf-8", "replace").strip() for row in found]

    def alias(self, name: str) -> str:
        """The name that a CNAME record leads to, or ""."""
        found = self._ask(name, RdataType.CNAME)
        return found[0].target.to_text(omit_final_dot=True).lower() if found else ""

    def addresses(self, name: str) -> set[str]:
        kinds = (RdataType.A, RdataType.AAAA)
        return {row.address for kind in kinds for row in self._ask(name, kind)}

    def _ask(self, name: str, kind: RdataType) -> list[Any]:
        left = self.until - time.monotonic()
        if left <= 0:
            raise DnsSilentError(name)
        try:
            return list(self.resolver.resolve(name, kind, lifetime=min(left, QUERY_SECONDS)))
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, ValueError) as error:  # ValueError: a label that is too long
            raise DnsSilentError(name) from error
