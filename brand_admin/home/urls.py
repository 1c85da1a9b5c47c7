from __future__ import annotations

from django.urls import path

from brand_admin.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("latest/", views.home_latest, name="home_latest"),
]
