"""What the operator sees: brands, logins and what operators did. Nothing here is edited."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import BooleanFieldListFilter, ModelAdmin, display
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import Brand, OperatorAction, User
from accounts.operators import MAX_REASON_LENGTH, OperatorError
from accounts.second_factor import has_second_factor
from config.platform.acts import ACTS, OperatorAct
from config.platform.site import PlatformSite
from portal.account.confirm import LoggedInRequest, fresh_login_required
from tracking.models import RefusedClicks

SHOWN_BYTES = 5_000  # of refused lines


class ReadOnly(ModelAdmin):
    """Rows to look at: none is added, changed or deleted by hand."""

    actions = None
    kept = frozenset({"changelist", "change"})

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # the site has checked who it is

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether the address of a list may narrow it so: only by the filters that it offers.

        Django also takes any column, and the key of any row that refers to this one. With enough
        requests an operator could read a password's hash or a session's key from the answers.
        """
        offered = {one[0] if isinstance(one, tuple | list) else one for one in self.list_filter}
        return lookup.partition("__")[0] in offered

    def get_urls(self) -> list[URLPattern]:
        return [
            found
            for found in super().get_urls()
            if (found.name or "").rpartition("_")[2] in self.kept
        ]


class BrandAdmin(ReadOnly):
    list_display = ("name", "slug", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug")
    ordering = ("name",)
    fields = ("name", "slug", "currency", "time_zone", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        """Live brands: a test brand is a part of one."""
        rows: QuerySet[Brand] = super().get_queryset(request)
        return rows.filter(test_of=None)


class ReasonForm(forms.Form):
    """Why an operator does it."""

    reason = forms.CharField(
        max_length=MAX_REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Who asked for it, and how you know that it was them.",
    )


class TitledFilter(BooleanFieldListFilter):
    """A filter under the words of its column."""

    titles: ClassVar[dict[str, str]] = {"is_active": "may log in", "is_staff": "operator"}

    def __init__(self, field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        self.title = self.titles[field.name]


class UserAdmin(ReadOnly):
    list_display = ("email", "name", "email_proven_at", "may_log_in", "is_operator", "last_login")
    list_filter = (("is_active", TitledFilter), ("is_staff", TitledFilter))
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (*list_display, "joined_at", "second_factor")
    readonly_fields = ("may_log_in", "is_operator", "second_factor")
    change_form_template = "platform/user.html"

    @display(boolean=True, description="May log in", ordering="is_active")
    def may_log_in(self, user: User) -> bool:
        return user.is_active

    @display(boolean=True, description="Operator", ordering="is_staff")
    def is_operator(self, user: User) -> bool:
        return user.is_staff

    def second_factor(self, user: User) -> str:
        return "set up" if has_second_factor(user) else "none"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        acts = _fitting_acts(user) if user else []
        context = {**(extra_context or {}), "acts": acts}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(fresh_login_required(self.act))
        own = path("<int:user_id>/act/<slug:act>/", act, name="accounts_user_act")
        return [own, *super().get_urls()]

    def act(self, request: LoggedInRequest, user_id: int, act: str) -> HttpResponse:
        """Say what will happen and ask why; then do it."""
        if act not in ACTS:
            raise Http404
        person, wanted = get_object_or_404(User, pk=user_id), ACTS[act]
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            by = Actor.of_user(request.user)
            try:
                wanted.do(user=person, reason=form.cleaned_data["reason"], by=by, request=request)
            except OperatorError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"{wanted.done} {person.email}.")
            return redirect("admin:accounts_user_change", person.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": wanted.label,
            "act": wanted,
            "person": person,
            "form": form,
            "now": timezone.now(),
        }
        status = 422 if form.errors else 200
        return render(request, "platform/act.html", context, status=status)


def _fitting_acts(user: User) -> list[OperatorAct]:
    """The acts that would change something."""
    idle = {"activate" if user.is_active else "deactivate"}
    if not has_second_factor(user):
        idle.add("remove-second-factor")
    return [act for slug, act in ACTS.items() if slug not in idle]


class OperatorActionAdmin(ReadOnly):
    list_display = ("at", "operator", "action", "address", "reason")
    search_fields = ("operator", "action", "address", "reason")
    list_filter = ("action",)
    ordering = ("-at", "-pk")


class RefusedClicksAdmin(ReadOnly):
    list_display = ("refused_at", "number", "reason", "batch")
    search_fields = ("reason",)
    ordering = ("-refused_at", "-pk")
    fields = (*list_display, "first_lines")
    readonly_fields = ("first_lines",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefusedClicks]:
        """Without the lines, of which there may be megabytes."""
        rows: QuerySet[RefusedClicks] = super().get_queryset(request)
        return rows.defer("lines")

    def first_lines(self, refused: RefusedClicks) -> str:
        return bytes(refused.lines)[:SHOWN_BYTES].decode(errors="backslashreplace")


platform_site = PlatformSite()
platform_site.register(Brand, BrandAdmin)
platform_site.register(User, UserAdmin)
platform_site.register(OperatorAction, OperatorActionAdmin)
platform_site.register(RefusedClicks, RefusedClicksAdmin)
