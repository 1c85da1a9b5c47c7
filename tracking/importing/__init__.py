"""Orders, refunds and members from CSV files and spreadsheets, in the background and by commands.

Rows are recorded by the same services that the API uses. A file can be imported twice.
"""
