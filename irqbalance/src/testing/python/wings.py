"""The wings of a package, as its own imports show them. The same file in all three projects."""

import ast
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path


class Wings:
    """A package, and its wings from the lowest floor up: a module imports its wing, and lower ones.

    Modules are named without the package: ``kernel.cpuset``. A wing is a module or a folder.
    """

    def __init__(self, package: Path, floors: Sequence[Sequence[str]]) -> None:
        self.package = package
        self._heights = {wing: height for height, floor in enumerate(floors) for wing in floor}
        paths = (path.relative_to(package).with_suffix("") for path in package.rglob("*.py"))
        self.modules = sorted(".".join(path.parts) for path in paths)

    def wing(self, module: str) -> str:
        """Return the innermost wing that a module is in; itself, as ``__init__``, if in none."""
        parts = module.split(".")
        names = (".".join(parts[:number]) for number in range(len(parts), 0, -1))
        return next((name for name in names if name in self._heights), module)

    def modules_of(self, wing: str) -> list[str]:
        """Return the modules of a wing."""
        return [each for each in self.modules if self.wing(each) == wing]

    def tree(self, module: str) -> ast.Module:
        """Return the syntax tree of a module."""
        return ast.parse((self.package / f"{module.replace('.', '/')}.py").read_text())

    def imports(self, module: str) -> set[str]:
        """Return the modules of the package that `module` imports, also inside functions."""
        name = self.package.name
        package = ".".join([name, *module.split(".")[:-1]])
        found = set()
        for node in ast.walk(self.tree(module)):
            if isinstance(node, ast.ImportFrom) and node.level:
                origin = importlib.util.resolve_name(
                    "." * node.level + (node.module or ""), package
                )
                found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
        return {each.removeprefix(f"{name}.") for each in found} & set(self.modules)

    def imports_from_elsewhere(self, module: str) -> set[str]:
        """Return the names that `module` imports from other packages, ``threading.Lock``."""
        found = set()
        for node in ast.walk(self.tree(module)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def packages(self, module: str) -> set[str]:
        """Return the other packages that `module` imports."""
        return {name.split(".")[0] for name in self.imports_from_elsewhere(module)}

    def imports_upwards(self, module: str) -> set[str]:
        """Return the modules that `module` imports from other wings that are not lower."""
        mine = self.wing(module)
        return {
            other
            for other in self.imports(module)
            if self.wing(other) != mine and self._heights[self.wing(other)] >= self._heights[mine]
        }

    def circle(self) -> set[str]:
        """Return the modules of a circle of imports, and those above it; empty without a circle."""
        waiting = {module: self.imports(module) for module in self.modules}
        while free := {each for each, needs in waiting.items() if not needs & waiting.keys()}:
            waiting = {each: needs for each, needs in waiting.items() if each not in free}
        return set(waiting)

    def faces(self) -> Iterator[tuple[Path, ast.Module]]:
        """Yield the path and the syntax tree of each folder's ``__init__``."""
        for path in sorted(self.package.rglob("*/__init__.py")):
            yield path, ast.parse(path.read_text())
