"""Forms for a member, the filters of the list, and the upload of an import."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.selectors import staff_of_brand
from affiliates.details import (
    MAX_TAG_LENGTH,
    MemberDetails,
    TagError,
    member_details_of,
    read_handles,
    read_one_tag,
    read_tags,
    tags_in_use,
)
from affiliates.handles import HandleError
from affiliates.models import Member, Platform
from affiliates.notes import MAX_NOTE_LENGTH
from affiliates.segments import MAX_NAME_LENGTH
from brand_admin.file_form import FileForm
from brand_admin.refusals import add_refusal
from brand_admin.segments import NO_OFFER, NO_OWNER, SegmentFilters
from brand_admin.versioned import VersionedForm
from core.form_fields import OneLineField
from core.kept_queries import kept_query
from core.text import MAX_ADDRESS_LENGTH, sentence
from offers.models import Enrollment, Offer
from offers.selectors import offer_names, offers, offers_to_join, project_names
from offers.status import OPEN_STATUSES
from tracking.importing.csv_rows import MEMBER_COLUMNS
from tracking.links.code_text import MAX_CODE_LENGTH


def staff_choices() -> list[tuple[str, str]]:
    """Return the choices of staff who can be responsible for members."""
    return [(str(row.pk), str(row.user)) for row in _staff()]


_staff = kept_query(staff_of_brand)


class MemberFilters(SegmentFilters):
    """The filters of the list."""

    field_order = ["segment", "offer", "tag", "owner"]

    offer = forms.ChoiceField(required=False)
    tag = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False, label="In charge")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(pk), name) for pk, name in offer_names(by_name=True)]
        self.tags, self.staff = tags_in_use(), staff_choices()
        tags = [(one.tag, f"{one.tag} ({one.members:,})") for one in self.tags]
        self._offer("offer", [("", "Any"), (NO_OFFER, "In no offer"), *names])
        if tags:
            self._offer("tag", [("", "Any"), *tags])
        else:
            del self.fields["tag"]
        self._offer("owner", [("", "Anybody"), (NO_OWNER, "Nobody"), *self.staff])

    @property
    def chosen(self) -> str:
        """Return the chosen offer; ignore invalid values, as in `details`."""
        self.is_valid()
        return str(self.cleaned_data.get("offer", ""))

    @property
    def details(self) -> dict[str, Any]:
        """Return keyword arguments for `brand_admin.segments.selected_members`."""
        self.is_valid()
        owner = self.cleaned_data.get("owner", "")
        return {
            "tag": self.cleaned_data.get("tag", ""),
            "owner_id": int(owner) if owner and owner != NO_OWNER else None,
            "without_owner": owner == NO_OWNER,
            "within": self.within,
        }

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """A member. Without an email address, they get no mail."""

    first_name = OneLineField(max_length=200, help_text="Mails greet them with this name.")
    last_name = OneLineField(max_length=200, required=False)
    email = forms.EmailField(
        label="Email",
        max_length=MAX_ADDRESS_LENGTH,
        required=False,
        help_text="Where their code, link and dashboard link are sent.",
    )
    tags = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Separate them by commas, such as VIP, skincare.",
    )
    owner = forms.ChoiceField(
        required=False,
        label="In charge",
        help_text="The person on your team who takes care of them.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for platform in Platform:
            self.fields[platform.value] = _handle_field(platform)
        field = self.fields["owner"]
        field.choices = [("", "Nobody"), *staff_choices()]  # type: ignore[attr-defined]

    @property
    def handle_fields(self) -> list[forms.BoundField]:
        return [self[platform.value] for platform in Platform]

    def clean_tags(self) -> list[str]:
        try:
            return read_tags(self.cleaned_data["tags"])
        except TagError as error:
            raise forms.ValidationError(sentence(error)) from error

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        try:
            self.handles = read_handles({p.value: values.get(p.value) or "" for p in Platform})
        except HandleError as error:
            add_refusal(self, error, field=error.platform.value)
        return values

    def said(self) -> dict[str, Any]:
        """Return keyword arguments for `affiliates.services.add_member`."""
        values = self.cleaned_data
        owner = staff_of_brand().filter(pk=values["owner"]).first() if values["owner"] else None
        return {
            **{name: values[name] for name in ("first_name", "last_name", "email")},
            "details": MemberDetails(tags=values["tags"], handles=self.handles, owner=owner),
        }


def _handle_field(platform: Platform) -> forms.CharField:
    shown = "https://…" if platform == Platform.WEBSITE else "@name"
    return forms.CharField(
        label=platform.label,
        max_length=200,
        required=False,
        widget=forms.TextInput(
            attrs={"placeholder": shown, "autocomplete": "off", "spellcheck": "false"}
        ),
    )


class EditMemberForm(MemberForm, VersionedForm):
    """Changes to a member, with the version that the person saw."""

    @classmethod
    def of(cls, member: Member, data: Any = None) -> EditMemberForm:
        noted = member_details_of([member])[member.pk]
        form = cls(
            data,
            initial={
                **{name: getattr(member, name) for name in ("first_name", "last_name", "email")},
                **{platform.value: name for platform, name in noted.handles.items()},
                "tags": ", ".join(noted.tags),
                "owner": str(member.owner_id or ""),
            },
        )
        form.remember(member.version)
        return form

    def said(self) -> dict[str, Any]:
        """Return keyword arguments for `affiliates.services.change_member`."""
        return {**super().said(), "seen_version": self.cleaned_data["version"]}


class TagForm(forms.Form):
    """A tag for the selected members."""

    tag = forms.CharField(
        label="Tag",
        error_messages={"required": "Write one tag."},
        max_length=MAX_TAG_LENGTH,
        widget=forms.TextInput(
            attrs={"list": "tags-in-use", "placeholder": "Tag", "autocomplete": "off"}
        ),
    )

    def clean_tag(self) -> str:
        try:
            return read_one_tag(self.cleaned_data["tag"])
        except TagError as error:
            raise forms.ValidationError(sentence(error)) from error


class OwnerForm(forms.Form):
    """The person of the team who takes care of the selected members."""

    owner = forms.ChoiceField(label="In charge", required=False)

    def __init__(self, *args: Any, staff: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "Nobody"), *staff]  # type: ignore[attr-defined]


class AddToOfferForm(forms.Form):
    """The offer that the selected members join."""

    to_offer = forms.ChoiceField(label="Offer")
    with_items = forms.BooleanField(
        required=False, initial=True, label="Give each of them a code and a link"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_offer"]
        field.choices = [("", "Choose an offer"), *self.offers()]  # type: ignore[attr-defined]
        field.help_text = "" if self.offers() else "There is no offer to join: add one first."
        self.fields["with_items"].help_text = "As the offer has them: a code, a link or both."

    @staticmethod
    def offers() -> list[tuple[str, str]]:
        return [(str(offer.pk), offer.name) for offer in offers_open().order_by("name", "pk")]


class AddToProjectForm(forms.Form):
    """The project that the selected members take part in."""

    to_project = forms.ChoiceField(label="Project")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_project"]
        field.choices = [("", "Choose a project"), *self.projects()]  # type: ignore[attr-defined]
        field.help_text = "" if self.projects() else "There is no project yet: add one first."

    @staticmethod
    def projects() -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in project_names()]


class NoteForm(forms.Form):
    """A note about a member."""

    text = forms.CharField(
        label="New note",
        max_length=MAX_NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your team. The member never sees it.",
    )


class SegmentForm(forms.Form):
    """The name of a segment."""

    name = OneLineField(
        max_length=MAX_NAME_LENGTH, help_text="For your team, such as VIPs in Spain."
    )


class GiveCodeForm(forms.Form):
    """A code for a member in one of their offers."""

    enrollment = forms.ChoiceField(label="Offer")
    code = OneLineField(
        max_length=MAX_CODE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Make the same code in your shop, unless a connected shop makes it.",
    )

    def __init__(self, *args: Any, enrollments: list[Enrollment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(row.pk), row.offer.name) for row in enrollments]
        self.fields["enrollment"].choices = choices  # type: ignore[attr-defined]


def offers_open() -> QuerySet[Offer]:
    """Return the offers that members can still join."""
    return offers().filter(status__in=OPEN_STATUSES)


class JoinForm(forms.Form):
    """An offer that a member is not in yet."""

    offer: forms.ModelChoiceField[Offer] = forms.ModelChoiceField(
        queryset=None, empty_label="Choose an offer"
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = offers_to_join(member)  # type: ignore[attr-defined]


class ImportForm(FileForm):
    """A file of members, and the offer that they join."""

    needed_columns = MEMBER_COLUMNS

    offer: forms.ModelChoiceField[Offer] = forms.ModelChoiceField(
        queryset=None,
        required=False,
        empty_label="No offer yet",
        help_text="Everybody in the file joins this offer, with the code in their row. They get a"
        " tracking link if the offer has links.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = offers_open().order_by("name")  # type: ignore[attr-defined]

    @property
    def chosen_offer(self) -> Offer | None:
        offer: Offer | None = self.cleaned_data["offer"]
        return offer
