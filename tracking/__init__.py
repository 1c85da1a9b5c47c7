"""From click and code to conversion: rooms and nothing else.

Each room says in its `__init__` what it holds; pyproject.toml holds the order in which they import.
"""
