"""The labels of a series as the text formats of Prometheus have them. Pure.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from functools import lru_cache

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@lru_cache(maxsize=8192)
def labels(**named: str) -> str:
    """Return labels as they stand in a line, between the braces, empty ones too.

    To Prometheus an empty label is the same as none. Programs that read the text need no default.
    """
    return ",".join([f'{name}="{text.translate(_ESCAPES)}"' for name, text in named.items()])
