"""Settings → Slack: the channel that staff read what waits for them in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Brand, Digest
from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.form_fields import OneLineField
from webhooks.addresses import AddressError
from webhooks.channels import (
    channel_of_brand,
    choose_channel_digest,
    enter_channel,
    escaped,
    post,
    remove_channel,
)
from webhooks.models import Channel
from webhooks.models.endpoints import MAX_ADDRESS

SECTION = "settings"
OFTEN = [(one.value, one.label) for one in Digest if one is not Digest.NEVER]


class SlackForm(forms.Form):
    address = OneLineField(
        max_length=MAX_ADDRESS,
        label="Webhook address",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": "https://hooks.slack.com/services/…"}
        ),
    )
    digest = forms.ChoiceField(label="Post what waits", choices=OFTEN)

    def __init__(self, data: Any = None, *, channel: Channel | None) -> None:
        super().__init__(data, initial={"digest": channel.digest if channel else Digest.DAILY})
        if channel is not None:
            self.fields["address"].required = channel.stopped_at is not None
            self.fields["address"].help_text = f"Leave it empty to keep the one at {channel.host}."


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER, live_page="settings_slack")
def slack(request: BrandRequest) -> HttpResponse:
    """Enter the channel, or change how often it is posted into."""
    channel = channel_of_brand()
    form = SlackForm(request.POST if request.method == "POST" else None, channel=channel)
    if form.is_bound and form.is_valid():
        try:
            _save(request, form, channel)
        except AddressError as error:
            add_refusal(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("brand_admin:settings_slack", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/slack.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        channel=channel,
    )


def _save(request: BrandRequest, form: SlackForm, channel: Channel | None) -> None:
    """Raises AddressError."""
    address, digest = form.cleaned_data["address"], Digest(form.cleaned_data["digest"])
    if channel is not None and not address:
        choose_channel_digest(channel=channel, digest=digest, now=timezone.now())
    else:
        enter_channel(address=address, digest=digest, by=request.actor, now=timezone.now())


@require_POST
@brand_page(Permission.ADMINISTER, live_page="settings_slack")
def slack_test(request: BrandRequest) -> HttpResponse:
    """Post a message that says that it works."""
    channel = channel_of_brand()
    if channel is None or channel.stopped_at is not None:
        messages.error(request, "Nothing was posted: enter the address of a channel first.")
    elif post(channel, _greeting(request.brand), now=timezone.now()):
        messages.success(request, "Posted. Look into your channel.")
    else:
        messages.error(request, "It was not taken. The page says why.")
    return redirect("brand_admin:settings_slack", request.brand.slug)


def _greeting(brand: Brand) -> str:
    return f"This is a test. What waits for you in {escaped(brand.name)} is posted here."


@require_POST
@brand_page(Permission.ADMINISTER, live_page="settings_slack")
def slack_remove(request: BrandRequest) -> HttpResponse:
    """Post nothing any more."""
    remove_channel(by=request.actor, now=timezone.now())
    messages.success(request, "Nothing is posted any more, and the address is forgotten.")
    return redirect("brand_admin:settings_slack", request.brand.slug)
