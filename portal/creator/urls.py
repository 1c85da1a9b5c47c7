"""/portal/…: the creator portal."""

from django.urls import path

from portal.creator import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.log_in, name="login"),
    path("login/code/", views.confirm, name="confirm"),
    path("logout/", views.log_out, name="logout"),
]
