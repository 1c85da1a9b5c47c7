"""Orders, refunds and members from CSV files, and what the import commands need.

The rows end in the same services that the API uses; a file can be imported twice.
"""
