"""Every figure that a page, a mail or an export shows, and the rows and lists it is shown in.

Each figure has one definition, in `metrics`. Nothing here writes.
"""
