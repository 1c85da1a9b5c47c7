"""The default texts of the two mails about Sales Tracking; staff edit them before sending."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from notifications.models import Purpose

_ITEMS_AND_DASHBOARD = """
<p>Your code: <code>{{ promo_code }}</code></p>
<p>Your link: {{ tracking_link }}<br>You earn {{ commission }}.</p>
<p>On a page of your own you can follow every sale you send us, and what it earns:</p>
<p><a href="{{ dashboard_link }}">View my performance stats</a></p>
<p>Thanks,<br>{{ sender_name }}</p>"""


@dataclass(frozen=True, slots=True)
class FirstText:
    """The default text in the email drawer."""

    subject: str
    body: str


FIRST_TEXTS: dict[str, FirstText] = {
    Purpose.SALES_TRACKING_ITEMS: FirstText(
        subject="Your {{ offer_name }} details from {{ brand_name }}",
        body=(
            "<p>Hi {{ first_name | there }},</p>\n"
            "<p>Here is everything you need to share {{ offer_name }}.</p>" + _ITEMS_AND_DASHBOARD
        ),
    ),
    Purpose.EMAIL_MEMBERS: FirstText(
        subject="Welcome to {{ offer_name }} by {{ brand_name }}",
        body=(
            "<p>Hi {{ first_name | there }},</p>\n"
            "<p>Welcome to {{ offer_name }}! It is good to have you with us.</p>"
            + _ITEMS_AND_DASHBOARD
        ),
    ),
}

DASHBOARD = "dashboard"  # the key of the text for members who have their code or link already
DETAILS = "details"  # the key of the text that asks for payout details


def show_dashboard() -> FirstText:
    """Return the text that gives members who sell already the link to their own page."""
    return FirstText(
        subject="Your performance dashboard for {{ offer_name }}",
        body=(
            "<p>Hi {{ first_name | there }},</p>\n"
            "<p>You now have a page of your own for {{ offer_name }}: every sale you send us, what"
            " it earns and when it is paid. Open it whenever you like, without a password:</p>\n"
            '<p><a href="{{ dashboard_link }}">View my performance stats</a></p>\n'
            "<p>Your code: <code>{{ promo_code }}</code></p>\n"
            "<p>Your link: {{ tracking_link }}<br>You earn {{ commission }}.</p>\n"
            "<p>The link is yours alone, so please keep it to yourself.</p>\n"
            "<p>Thanks,<br>{{ sender_name }}</p>"
        ),
    )


def ask_for_details() -> FirstText:
    """Return the text that asks members where to pay them; it leads to their own page for that."""
    page = f"{settings.BASE_URL}/portal/payout/"
    return FirstText(
        subject="{{ brand_name }} wants to pay you: where to?",
        body=(
            "<p>Hi {{ first_name | there }},</p>\n"
            "<p>Your commission from {{ brand_name }} is ready to be paid. It waits until you have"
            " said where to, and shared that with {{ brand_name }}. This takes two minutes:</p>\n"
            f'<p><a href="{page}">Enter my payout details</a></p>\n'
            "<p>You log in with a code that is mailed to you, and your details are stored"
            " encrypted.</p>\n"
            "<p>Thanks,<br>{{ sender_name }}</p>"
        ),
    )
