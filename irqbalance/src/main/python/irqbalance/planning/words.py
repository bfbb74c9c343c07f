"""How numbers are shown to people. Pure."""


def figure(value: float) -> str:
    """Gives a load in four digits or more: ``5604``, ``34.97``, ``0.0125``."""
    if value == int(value) or value >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}"
