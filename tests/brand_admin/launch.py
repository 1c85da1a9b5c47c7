"""Helpers for a project called Launch: its members' steps, and the buttons staff press."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.messages import get_messages
from django.test import Client

from affiliates.models import Member
from offers.models import Enrollment, Offer, Project
from offers.services import create_offer
from offers.terms import TermsValues
from tests.answers import Answer
from tests.brand_admin.staff import address
from tests.cast import NOW, SYSTEM, offer_values
from tests.factories import MemberMessageFactory
from tracking.links.generating import generate_items


def new_offer(name: str = "Spring", kind: str = "both") -> Offer:
    values = offer_values(name=name, kind=kind, code_pattern="{FIRST_NAME}S")
    return create_offer(values=values, terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW)


def in_stage(project: Project, member: Member) -> Enrollment:
    return Enrollment.objects.select_related("member", "offer").get(
        offer=project.offer, member=member
    )


def everybody(project: Project) -> list[Enrollment]:
    return list(Enrollment.objects.filter(offer=project.offer).order_by("pk"))


def generated(enrollments: Sequence[Enrollment]) -> None:
    codes = {row.pk: f"CODE{row.pk}" for row in enrollments}
    generate_items(enrollments=enrollments, codes=codes, links=True, by=SYSTEM, now=NOW)


def mailed(enrollment: Enrollment, state: str, reason: str = "") -> None:
    MemberMessageFactory.create(enrollment=enrollment, state=state, settled_at=NOW, reason=reason)


def told(response: Answer) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def press(client: Client, project: Project, action: str, codes: dict[Enrollment, str]) -> Answer:
    """Tick these enrollments in Generate, with these codes typed, and press a button."""
    typed = {f"code-{row.pk}": code for row, code in codes.items()}
    ticked = [row.pk for row in codes]
    return client.post(
        address("project_generate", project.pk), {"action": action, "selected": ticked, **typed}
    )
