from __future__ import annotations

from django.urls import path

from brand_admin.search import views

urlpatterns = [path("", views.search, name="search")]
