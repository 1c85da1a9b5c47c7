"""The export and the erasure of a person's data (GDPR, articles 15, 17 and 20).

`export` writes the file. `erasure` deletes personal data and keeps what figures depend on.
"""
