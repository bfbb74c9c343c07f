"""The tiers of a store: what tells them apart."""

from dataclasses import dataclass

GAP_INTERVALS = 2.5
"""Two neighbours further apart than so many intervals are a gap."""


@dataclass(frozen=True, slots=True)
class TierShape:
    """What tells tiers apart: folder, seconds between kept samples (0: all), its files' span."""

    name: str
    step_seconds: float
    span_seconds: float
    folder_format: str


RAW = TierShape("raw", 0.0, 3600.0, "%Y%m%d")
TIERS = (
    RAW,
    TierShape("1m", 60.0, 86400.0, "%Y%m%d"),
    TierShape("1h", 3600.0, 30 * 86400.0, "%Y%m"),
)
"""The tiers of a store, the finest first."""
