"""Properties are held without regard to how long an example takes, which is the machine's business and no rule."""

from hypothesis import HealthCheck, settings

settings.register_profile("polar", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("polar")
