"""What every test may ask for."""

from hypothesis import HealthCheck, settings

from tests.cast import cast

__all__ = ["cast"]

# No test is timed: a busy machine is no defect.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
