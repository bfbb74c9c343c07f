"""Frozen values with slots, as the standard library's dataclasses makes them, for a short run.

Each class that dataclasses makes takes half a millisecond, which for a program that runs for a few
dozen is a fifth of its time. What is used of it here is little: ``@dataclass(frozen=True,
slots=True)``, defaults, a field's ``default_factory``, and ``replace``. Type checkers are shown the
original.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
else:
    _NOT_GIVEN = object()

    class field:  # noqa: N801 - named as in dataclasses
        """A default that is made anew for each value."""

        __slots__ = ("default_factory",)

        def __init__(self, *, default_factory):
            """Takes what makes it."""
            self.default_factory = default_factory

    def dataclass(*, frozen, slots):
        """Gives the decorator; both must be True, as nothing else is made here."""
        if not (frozen and slots):
            raise TypeError("frozen=True and slots=True are what is made here")
        return _made

    def replace(value, /, **changes):
        """Gives the value with other values in some fields."""
        return type(value)(**{name: getattr(value, name) for name in value.__slots__} | changes)

    def _made(cls):
        """The class anew, with slots for its annotated names, and what makes it a value."""
        names = tuple(cls.__annotations__)
        defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
        dropped = {*names, "__dict__", "__weakref__"}
        body = {name: kept for name, kept in cls.__dict__.items() if name not in dropped}
        body |= {
            "__slots__": names,
            "__match_args__": names,
            "__init__": _initializer(names, defaults),
            "__eq__": _equal,
            "__hash__": _hash,
            "__repr__": _show,
            "__setattr__": _refuse,
            "__delattr__": _refuse,
        }
        return type(cls)(cls.__name__, cls.__bases__, body)

    def _initializer(names, defaults):
        """The method that takes a value for each name: compiled, as thousands are made."""
        scope = {"_set": object.__setattr__, "_NOT_GIVEN": _NOT_GIVEN}
        parameters, lines = [], []
        for name in names:
            shown, given = name, name
            if isinstance(defaults.get(name), field):
                scope[f"_make_{name}"] = defaults[name].default_factory
                shown = f"{name}=_NOT_GIVEN"
                given = f"_make_{name}() if {name} is _NOT_GIVEN else {name}"
            elif name in defaults:
                scope[f"_default_{name}"] = defaults[name]
                shown = f"{name}=_default_{name}"
            parameters.append(shown)
            lines.append(f"    _set(self, {name!r}, {given})\n")
        source = f"def __init__(self, {', '.join(parameters)}):\n{''.join(lines)}"
        exec(source, scope)  # noqa: S102 - the names are those of this program's own classes
        return scope["__init__"]

    def _fields(value):
        return tuple(getattr(value, name) for name in value.__slots__)

    def _equal(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return _fields(self) == _fields(other)

    def _hash(self):
        return hash(_fields(self))

    def _show(self):
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({', '.join(shown)})"

    def _refuse(self, name, *_value):
        raise AttributeError(f"{type(self).__name__} is frozen: {name} stays as it is")
