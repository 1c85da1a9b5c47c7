"""Pages made of nothing but components, at addresses of their own, for test_scripts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from core.charts import Point, Series, bar_chart

BRAND = SimpleNamespace(slug="juniper", name="Juniper & Co")
MEMBERS = ("Mara Lindqvist", "Diego Arroyo", "June Okafor")

PAGES = Path(__file__).parent / "pages"
FRAME = '{%% extends "brand_admin/layout.html" %%}{%% block content %%}%s{%% endblock %%}'


class FilterForm(forms.Form):
    status = forms.ChoiceField(choices=[("", "Any"), ("active", "Active")], required=False)


class WriteForm(forms.Form):
    subject = forms.CharField(help_text="They see this first.")
    kinds = forms.MultipleChoiceField(
        choices=[("code", "Code"), ("link", "Link")], widget=forms.CheckboxSelectMultiple
    )
    rate = forms.DecimalField(required=False)
    sure = forms.BooleanField(label="I am sure")


def written(name: str) -> str:
    return (PAGES / f"{name}.html").read_text()


def page(request: HttpRequest, source: str, **context: object) -> HttpResponse:
    request.brand = BRAND  # type: ignore[attr-defined]
    accent = request.GET.get("accent", "")
    template = engines["django"].from_string(source)
    return HttpResponse(
        template.render({"section": "members", "accent": accent, **context}, request)
    )


def show_list(request: HttpRequest) -> HttpResponse:
    points = tuple(Point(f"{day} Nov", day * 7 - 20, f"£{day}") for day in range(1, 10))
    pages = Paginator(range(90), 10).get_page(4)
    chart = bar_chart(Series("Earnings", points))
    form = FilterForm(request.GET)
    return page(request, written("list"), members=MEMBERS, chart=chart, page=pages, form=form)


def drawer(request: HttpRequest) -> HttpResponse:
    source = written("drawer") if request.headers.get("HX-Request") else FRAME % written("drawer")
    form = WriteForm(request.POST) if request.method == "POST" else WriteForm()
    return page(request, source, form=form, step="Step 2" if form.is_bound else "Step 1")


def portal(request: HttpRequest) -> HttpResponse:
    return page(request, written("portal"))


def posted(request: HttpRequest) -> HttpResponse:
    chosen = ",".join(request.POST.getlist("selected"))
    return HttpResponse(f"{request.POST.get('action')} {chosen}", content_type="text/plain")


SECTIONS = (
    "home",
    "members",
    "projects",
    "offers",
    "reporting",
    "connections",
    "conversions",
    "payments",
    "emails",
    "settings",
    "own_account",
    "work_list",
    "test_mode",
    "search",
)
brand_pages = [path(f"<slug:brand>/{name}", show_list, name=name) for name in SECTIONS]
urlpatterns = [
    path("", show_list),
    path("drawer", drawer),
    path("portal", portal),
    path("posted", posted),
    path("logout", show_list, name="account_logout"),
    path("admin/", include((brand_pages, "brand_admin"))),
    path("app/", include(([path("<slug:language>", show_list, name="manifest")], "portal"))),
    path("assets/", include("core.assets")),
]
