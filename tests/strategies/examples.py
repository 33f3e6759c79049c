"""How many specs a test draws."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def examples(count: int) -> settings:
    """So many random specs. What fails is told as it was drawn.

    To make a spec smaller takes hypothesis minutes; `python -m tests.fuzz` has its own way.
    """
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
