from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_change, list_file, list_page
from brand_admin.payments import run_views, views, write_off_views
from brand_admin.payments.due_list import Due
from brand_admin.payments.lists import Payments
from brand_admin.payments.run_lists import RunMembers, Runs

urlpatterns = [
    path("", list_page(Due), name="payments"),
    path("due.csv", list_file(Due), name="payments_due_csv"),
    path("sent/", list_page(Payments), name="payments_sent"),
    path("sent/change/", list_change(Payments), name="payments_change"),
    path("sent.csv", list_file(Payments), name="payments_csv"),
    path("new/", views.payment_new, name="payment_new"),
    path("adjustment/", views.adjustment_new, name="adjustment_new"),
    path("write-off/<int:enrollment_id>/", write_off_views.debt_write_off, name="debt_write_off"),
    path("<int:payment_id>/", views.payment_page, name="payment"),
    path("<int:payment_id>/statement.csv", views.payment_statement, name="payment_statement"),
    path(
        "<int:payment_id>/statement.pdf", views.payment_statement_pdf, name="payment_statement_pdf"
    ),
    path("<int:payment_id>/paid/", views.payment_paid, name="payment_paid"),
    path("<int:payment_id>/return/", views.payment_return, name="payment_return"),
    path("runs/", list_page(Runs), name="payment_runs"),
    path("runs.csv", list_file(Runs), name="payment_runs_csv"),
    path("runs/new/", run_views.run_new, name="payment_run_new"),
    path("runs/<int:run_id>/", run_views.run_page, name="payment_run"),
    path("runs/<int:run_id>/members/<int:line_id>/", run_views.run_line, name="payment_run_line"),
    path("runs/<int:run_id>/members.csv", list_file(RunMembers), name="payment_run_members"),
    path("runs/<int:run_id>/confirm/", run_views.run_confirm, name="payment_run_confirm"),
    path("runs/<int:run_id>/redraft/", run_views.run_redraft, name="payment_run_redraft"),
    path("runs/<int:run_id>/discard/", run_views.run_discard, name="payment_run_discard"),
    path("runs/<int:run_id>/paid/", run_views.run_paid, name="payment_run_paid"),
    path("runs/<int:run_id>/return/", run_views.run_return, name="payment_run_return"),
    path("runs/<int:run_id>/bank.csv", run_views.run_bank_file, name="payment_run_bank"),
    path("runs/<int:run_id>/paypal.csv", run_views.run_paypal_file, name="payment_run_paypal"),
]
