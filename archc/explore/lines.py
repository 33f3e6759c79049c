"""What a recording of traced numbers consists of."""

from __future__ import annotations

from collections.abc import Callable


class Line:
    """One computed value of a recording: `name = operation(operands)`."""

    __slots__ = ("name", "operands", "template")

    def __init__(self, name: str, template: str, operands: tuple[str, ...]) -> None:
        self.name = name
        self.template = template
        self.operands = operands

    @property
    def code(self) -> str:
        return self.template.format(*self.operands)


class Guard(Line):
    """A decision: what is recorded holds only where the code is true."""

    __slots__ = ()


class Call(Line):
    """A recording within a recording: `names = recipe(operands)`, unless it gives nothing."""

    __slots__ = ("names", "recipe")

    def __init__(
        self, name: str, recipe: Callable[..., object], operands: tuple[str, ...], results: int
    ) -> None:
        super().__init__(name, "", operands)
        self.recipe = recipe
        self.names = [f"{name}_{place}" for place in range(results)]
