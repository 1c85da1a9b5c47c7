"""Orders, refunds and members from CSV files, and what the import commands need.

Rows are recorded by the same services that the API uses. A file can be imported twice.
"""
