"""From click and code to conversion: packages and nothing else.

Each package says in its `__init__` what it holds; pyproject.toml holds their order of import.
"""
