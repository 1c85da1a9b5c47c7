"""What the law gives a person: the export of everything kept about them, and their erasure.

`export` makes the file, `erasure` deletes who they are and keeps what figures depend on.
"""
