"""The shop that sends orders is that of the API's tests."""

from tests.api.conftest import shop

__all__ = ["shop"]
