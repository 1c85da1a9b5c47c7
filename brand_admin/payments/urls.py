from __future__ import annotations

from django.urls import path

from brand_admin.payments import views

urlpatterns = [
    path("", views.due_list, name="payments"),
    path("sent/", views.payment_list, name="payments_sent"),
    path("new/", views.payment_new, name="payment_new"),
    path("adjustment/", views.adjustment_new, name="adjustment_new"),
    path("<int:payment_id>/", views.payment_page, name="payment"),
    path("<int:payment_id>/statement.csv", views.payment_statement, name="payment_statement"),
    path("<int:payment_id>/return/", views.payment_return, name="payment_return"),
]
