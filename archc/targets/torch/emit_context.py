"""Where statements of a plan stand in a class, and what is known there."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from archc.emission.plan import Code
from archc.targets.torch.emit_parts import Step


@dataclass(frozen=True, slots=True)
class Place:
    """Where statements stand.

    `holder` gets the modules, under names if it is `named`; `numbers` are those of the loops
    around. `variable` stands in `forward` for the module of a round. Where it is `silent`,
    `forward` does not see single statements, and all layers must be modules. `flags` are the
    attributes that hold conditions by now, `known` the tensors that surely have a value.
    """

    holder: str = "self"
    named: bool = True
    numbers: tuple[str, ...] = ()
    variable: str = ""
    silent: bool = False
    flags: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def inside(self) -> Place:
        """The place in a branch: what is found out there holds only there."""
        return replace(self, flags=dict(self.flags), known=set(self.known))

    def applied(self, name: Code | None, inputs: int) -> Step:
        """A module applied to as many tensors."""
        tensors = ", ".join(f"{{{number}}}" for number in range(inputs))
        module = f"self.{name.value!s}" if isinstance(name, ast.Constant) else self.variable
        return Step(f"{module}({tensors})", is_module=True)


def attribute(name: str) -> Code:
    return ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())


def with_flags(source: Code, flags: dict[str, str]) -> Code:
    """The source of a `Move`, its conditions as flags."""
    if not isinstance(source, ast.IfExp):
        return source
    test = attribute(flags[ast.dump(source.test)])
    return ast.IfExp(test, with_flags(source.body, flags), with_flags(source.orelse, flags))
