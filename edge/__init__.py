"""Answers tracking links before Django: /r/<slug>, and every path of a brand's own link domain.

And /t.js, the page script.

A redirect waits for no other server. Links come from a cache in memory, and clicks go to a file on
this machine, from there to a stream in Valkey. docs/clicks.md says how.
"""
