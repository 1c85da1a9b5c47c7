"""/d/…: the affiliate's dashboard. All other addresses get the neutral page."""

from django.urls import path

from portal.dashboard import access, language, link_views, question_views, sources, views

urlpatterns = [
    path("<str:token>", views.dashboard, name="dashboard"),
    path("<str:token>/conversions.csv", views.conversions_csv, name="conversions_csv"),
    path("<str:token>/payments.csv", views.statement_csv, name="statement_csv"),
    path("<str:token>/payments/<uuid:public_id>", views.payment, name="payment"),
    path("<str:token>/payments/<uuid:public_id>.csv", views.statement_csv, name="payment_csv"),
    path("<str:token>/why", views.why, name="why"),
    path("<str:token>/questions", question_views.questions, name="questions"),
    path("<str:token>/language", language.choose, name="dashboard_language"),
    path("<str:token>/qr", link_views.qr, name="qr"),
    path("<str:token>/qr.svg", link_views.qr_image, {"kind": "svg"}, name="qr_svg"),
    path("<str:token>/qr.png", link_views.qr_image, {"kind": "png"}, name="qr_png"),
    path("<str:token>/sources", sources.sources, name="sources"),
    path("<str:token>/links", link_views.links, name="links"),
    path("<str:token>/links/<slug:slug>", link_views.link, name="link"),
    path("", access.no_such_page),
    path("<path:rest>", access.no_such_page),
]
