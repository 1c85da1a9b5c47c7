"""Check the sending domain's SPF, DKIM and DMARC records in DNS.

Reads the public records and says in words what is good, what is weak and what to do. It changes
nothing. If DNS does not answer, the result is unknown, not wrong.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum

from django.conf import settings
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration, Resolver

from notifications.email_addresses import ascii_domain

DNS_TIMEOUT_SECONDS = 2.0  # for one query
MAX_SPF_LOOKUPS = 10  # DNS queries that evaluating an SPF record may take (RFC 7208, 4.6.4)
MIN_KEY_BYTES = 256  # a key of 2,048 bits has 294 bytes, one of 1,024 has 162
_LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})


class CheckStatus(StrEnum):
    """The result of a check."""

    GOOD = "good"
    WEAK = "weak"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One of the three checks. `record` is the text that was found under the DNS name `place`."""

    name: str
    status: CheckStatus
    words: str
    place: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The checks of the domain that mails name as their sender."""

    domain: str
    checks: tuple[Check, ...]

    @property
    def is_good(self) -> bool:
        return all(check.status == CheckStatus.GOOD for check in self.checks)


class _NoAnswerError(Exception):
    """DNS did not answer at all."""


def sending_domain() -> str:
    """The domain in the sender's address of all mails."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()


def identity_of(domain: str, *, resolver: Resolver | None = None) -> Identity:
    """Check the domain. Takes as long as DNS does: seconds at worst."""
    asked = resolver or _system_resolver()
    asked.lifetime = DNS_TIMEOUT_SECONDS
    name = ascii_domain(domain).lower()
    dns = _Records(asked)
    return Identity(name, (_spf(name, dns), _dkim(name, dns), _dmarc(name, dns)))


def _system_resolver() -> Resolver:
    """The machine's resolver; if it has none, one that answers nothing."""
    try:
        return Resolver()
    except NoResolverConfiguration:
        return Resolver(configure=False)


class _Records:
    """The TXT records in DNS."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def at(self, name: str, mark: str) -> list[str]:
        """Texts under `name` that begin with `mark`. Raises _NoAnswerError."""
        try:
            answer = self.resolver.resolve(name, "TXT")
        except (NXDOMAIN, NoAnswer):
            return []
        except DNSException as error:
            raise _NoAnswerError(name) from error
        texts = [b"".join(row.strings).decode("utf-8", "replace").strip() for row in answer]
        return [text for text in texts if text.lower().startswith(mark)]


# --- SPF (RFC 7208): which machines may send for the domain


def _spf(domain: str, dns: _Records) -> Check:
    try:
        records = _spf_records(domain, dns)
        status, words = _check_spf(records, dns)
    except _NoAnswerError:
        records, status, words = [], CheckStatus.UNKNOWN, _no_answer_text(domain)
    return Check("SPF", status, words, place=domain, record="; ".join(records))


def _spf_records(domain: str, dns: _Records) -> list[str]:
    return [text for text in dns.at(domain, "v=spf1") if text.lower().split()[0] == "v=spf1"]


def _check_spf(records: Sequence[str], dns: _Records) -> tuple[CheckStatus, str]:
    if not records:
        return CheckStatus.WRONG, (
            "There is no SPF record, so nobody can tell which machines may send for this domain. "
            f"Add a TXT record such as “v=spf1 {_include() or 'include:…'} -all”."
        )
    if len(records) > 1:
        return CheckStatus.WRONG, (
            "There is more than one SPF record, which counts as none. Merge them into one."
        )
    terms = records[0].lower().split()[1:]
    if _include() and _include() not in terms:
        return CheckStatus.WRONG, f"The record does not name our mail service: add “{_include()}”."
    if _lookups(terms, dns, MAX_SPF_LOOKUPS) > MAX_SPF_LOOKUPS:
        return CheckStatus.WRONG, (
            f"The record asks for more than {MAX_SPF_LOOKUPS} look-ups, and mail readers stop "
            "there. Take out what is not in use."
        )
    return _check_all_term(terms)


def _check_all_term(terms: Sequence[str]) -> tuple[CheckStatus, str]:
    """Check what the record says about machines that it does not name."""
    rest = next((term for term in terms if term.lstrip("+-~?") == "all"), "")
    if rest in {"all", "+all"}:
        return CheckStatus.WRONG, (
            "The record allows every machine in the world. End it with “-all” instead."
        )
    if rest in {"-all", "~all"}:
        return (
            CheckStatus.GOOD,
            "The record names who may send for this domain, and nobody else may.",
        )
    if any(term.startswith("redirect=") for term in terms):
        return CheckStatus.GOOD, "The record leaves it to another domain to say who may send."
    return CheckStatus.WEAK, (
        "The record says nothing about machines that it does not name. End it with “-all”."
    )


def _lookups(terms: Sequence[str], dns: _Records, left: int) -> int:
    """How many DNS queries evaluating the record takes; stops counting past `left`."""
    asked = 0
    for term in terms:
        kind, _, target = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
        if kind.partition("/")[0] not in _LOOKUP_TERMS:
            continue
        asked += 1
        if kind in {"include", "redirect"} and asked <= left:
            further = _spf_records(target, dns)
            asked += _lookups(further[0].lower().split()[1:], dns, left - asked) if further else 0
        if asked > left:
            break
    return asked


def _include() -> str:
    return f"include:{settings.SPF_INCLUDE.lower()}" if settings.SPF_INCLUDE else ""


# --- DKIM (RFC 6376): the key that mails are signed with


def _dkim(domain: str, dns: _Records) -> Check:
    """The best of the selectors counts: services rotate between two."""
    places = [f"{selector}._domainkey.{domain}" for selector in settings.DKIM_SELECTORS]
    if not places:
        return Check(
            "DKIM",
            CheckStatus.UNKNOWN,
            "The mail service's selector is not known here, so its key can't be looked up. The "
            "operator of this site sets DKIM_SELECTORS.",
            place=f"…._domainkey.{domain}",
        )
    found = [_dkim_at(place, dns) for place in places]
    return min(found, key=lambda check: list(CheckStatus).index(check.status))


def _dkim_at(place: str, dns: _Records) -> Check:
    try:
        records = [text for text in dns.at(place, "") if "p" in _tags(text)]
        status, words = _check_dkim(records)
    except _NoAnswerError:
        records, status, words = [], CheckStatus.UNKNOWN, _no_answer_text(place)
    return Check("DKIM", status, words, place=place, record="; ".join(records))


def _check_dkim(records: Sequence[str]) -> tuple[CheckStatus, str]:
    if not records:
        return CheckStatus.WRONG, (
            "There is no key, so signatures of our mails can't be checked. Add the record that the "
            "mail service shows for this domain."
        )
    if len(records) > 1:
        return CheckStatus.WRONG, "There is more than one key under one name. Keep the current one."
    tags = _tags(records[0])
    try:
        key = base64.b64decode("".join(tags["p"].split()), validate=True)
    except binascii.Error:
        return CheckStatus.WRONG, "The key is damaged: copy it from the mail service again."
    if not key:
        return CheckStatus.WRONG, "The key was withdrawn: its record is empty."
    if tags.get("k", "rsa") == "rsa" and len(key) < MIN_KEY_BYTES:
        return (
            CheckStatus.WEAK,
            "The key is shorter than 2,048 bits. Ask the service for a longer one.",
        )
    if "y" in tags.get("t", "").split(":"):
        return CheckStatus.WEAK, "The key is marked as a test (t=y), so it may not be relied on."
    return CheckStatus.GOOD, "Mails can be signed, and every mail reader can check the signature."


# --- DMARC (RFC 7489): what to do with mails that fail both


def _dmarc(domain: str, dns: _Records) -> Check:
    place = f"_dmarc.{domain}"
    try:
        place, records = _dmarc_records(domain, dns)
        status, words = _check_dmarc(records, is_inherited=place != f"_dmarc.{domain}")
    except _NoAnswerError:
        records, status, words = [], CheckStatus.UNKNOWN, _no_answer_text(place)
    return Check("DMARC", status, words, place=place, record="; ".join(records))


def _dmarc_records(domain: str, dns: _Records) -> tuple[str, list[str]]:
    """The domain's own record, else that of the nearest domain above it."""
    labels = domain.split(".")
    for first in range(max(1, len(labels) - 1)):
        place = f"_dmarc.{'.'.join(labels[first:])}"
        records = dns.at(place, "v=dmarc1")
        if records:
            return place, records
    return f"_dmarc.{domain}", []


def _check_dmarc(records: Sequence[str], *, is_inherited: bool) -> tuple[CheckStatus, str]:
    if not records:
        return CheckStatus.WRONG, (
            "There is no DMARC record: large mail services turn bulk mail without one away. Add a "
            "TXT record “v=DMARC1; p=none” and make it stricter once reports look right."
        )
    if len(records) > 1:
        return CheckStatus.WRONG, "There is more than one DMARC record, which counts as none."
    tags = _tags(records[0])
    policy = (is_inherited and tags.get("sp")) or tags.get("p", "")
    if policy in {"quarantine", "reject"} and tags.get("pct", "100") == "100":
        return CheckStatus.GOOD, (
            "Mails that only pretend to come from this domain are "
            f"{'turned away' if policy == 'reject' else 'treated as spam'}."
        )
    if policy in {"none", "quarantine", "reject"}:
        return CheckStatus.WEAK, (
            "The record is there, which is what large mail services ask for, but forged mails are "
            "let through. When reports look right, say p=quarantine or p=reject for all of them."
        )
    return (
        CheckStatus.WRONG,
        "The record names no policy: add “p=none”, “p=quarantine” or “p=reject”.",
    )


def _tags(record: str) -> dict[str, str]:
    """The `name=value` pairs of a DKIM or DMARC record."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {
        name.strip().lower(): value.strip() if name.strip() == "p" else value.strip().lower()
        for name, _, value in pairs
        if name.strip()
    }


def _no_answer_text(place: str) -> str:
    return f"DNS gave no answer for {place}. Try again in a few minutes."
