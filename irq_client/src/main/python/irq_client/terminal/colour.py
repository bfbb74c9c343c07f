"""Lines become text for a stream: with escape codes for a terminal with colour, else plain."""

from collections.abc import Callable, Mapping
from functools import cache

from .table import Line

Painter = Callable[[Line], str]


def wants_colour(terminal: bool, environment: Mapping[str, str]) -> bool:
    """Return True for a terminal, unless NO_COLOR or TERM=dumb say no."""
    return terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def painter(terminal: bool, environment: Mapping[str, str]) -> Painter:
    """Return the function that makes a line's text."""
    if not wants_colour(terminal, environment):
        return lambda line: "".join(text for text, _ in line)
    from rich.color import ColorSystem
    from rich.style import Style

    many = "256color" in environment.get("TERM", "") or bool(environment.get("COLORTERM"))
    system = ColorSystem.EIGHT_BIT if many else ColorSystem.STANDARD

    @cache
    def codes(style: str) -> tuple[str, str]:
        parsed = Style.parse(style)
        # a style keeps the codes of its first rendering, so its colours are made to fit before
        fitting = (colour and colour.downgrade(system) for colour in (parsed.color, parsed.bgcolor))
        fitted = parsed.without_color + Style.from_color(*fitting)
        head, _, tail = fitted.render("\0", color_system=system).partition("\0")
        return head, tail

    def paint(line: Line) -> str:
        return "".join(text.join(codes(style)) if text else "" for text, style in line)

    return paint
