"""The figures of pages, mails and exports, with the rows and lists that hold them.

`metrics` defines each figure once. Nothing here writes.
"""
