"""The local inbox's addresses; config/urls.py includes them in local mode alone."""

from django.urls import path

from config.local import inbox

app_name = "local"
urlpatterns = [
    path("", inbox.list_mails, name="inbox"),
    path("<str:key>/", inbox.show_mail, name="mail"),
    path("<str:key>/html", inbox.show_mail_html, name="mail_html"),
]
