"""Values written as expressions: other ways to say a number, a truth, a text, by what is known."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword

from tests.strategies.choices import Chooser
from tests.strategies.values import FUNCTIONS, Position, Tensor

Known = Mapping[str, object]
"""Plain values by how an expression says them: `filters`, `input.channels`, `group.number`."""


def known(names: Mapping[str, object]) -> dict[str, object]:
    """What can be said of these names; tensors and positions by their attributes."""
    found: dict[str, object] = {}
    for name, value in names.items():
        if not is_word(name):
            continue
        if isinstance(value, Tensor):
            found |= {f"{name}.{attribute}": v for attribute, v in _of_tensor(value).items()}
        elif isinstance(value, Position):
            found |= {f"{name}.{attribute}": getattr(value, attribute) for attribute in _POSITION}
        elif isinstance(value, bool | int | float | str | list):
            found[name] = value
    return found


def is_word(name: str) -> bool:
    """Whether an expression can say the name."""
    return name.isidentifier() and name not in FUNCTIONS and not iskeyword(name)


def written(choose: Chooser, value: object, key: str, names: Known) -> object:
    """The value, literally or as an expression that is worth it here."""
    if not choose.chance(3):
        return value
    ways = _ways(choose, value, key, names)
    return choose.pick(*ways) if ways else value


def condition(choose: Chooser, names: Known, truth: bool | None = None) -> object:
    """A condition for `when`, of this truth or of either."""
    wanted = choose.chance(2) if truth is None else truth
    if not choose.chance(2) or not names:
        return wanted
    return f"={condition_text(choose, names, wanted)}"


def condition_text(choose: Chooser, names: Known, truth: bool) -> str:
    """An expression that is true here, or false."""
    name = choose.pick(*sorted(names))
    value = names[name]
    if isinstance(value, bool):
        return name if value == truth else f"not {name}"
    if isinstance(value, str):
        return f'{name} == "{value}"' if truth else f'{name} == "other"'
    if isinstance(value, list):
        return f"len({name}) {'>=' if truth else '<'} {len(value)}"
    true = (f"{name} <= {value}", f"{name} == {value}", f"{name} in [{value}, 3]")
    false = (f"{name} > {value}", f"{name} != {value}", f"not {name} < {value} + 1")
    simple = choose.pick(*true if truth else false)
    if not choose.chance(4):
        return simple
    other = condition_text(choose, {name: value}, truth)
    return f"{simple} {'and' if choose.chance(2) else 'or'} {other}"


def palette(names: Known, most: int) -> list[int]:
    """Whole numbers from 1 to `most` that something stands for here."""
    return sorted({v for v in names.values() if type(v) is int and 1 <= v <= most})


def _ways(choose: Chooser, value: object, key: str, names: Known) -> list[object]:
    same = [name for name, known in names.items() if _same(known, value)]
    ways: list[object] = ["=" if name == key else f"={name}" for name in same] * 3
    if isinstance(value, bool):
        ways.append(f"={condition_text(choose, names, value)}" if names else f"={value}")
    elif isinstance(value, int):
        ways += _whole_ways(value, names)
    elif isinstance(value, float):
        ways += [f"={value * 4} / 4", f"=max({value}, 0)"]
    elif isinstance(value, str):
        ways.append(f'="{value}"')
    elif isinstance(value, list):
        ways.append([written(choose, item, key, names) for item in value])
    if names and isinstance(value, bool | int | float | str):
        ways.append(_choice(choose, value, names))
    return ways


def _whole_ways(value: int, names: Known) -> list[object]:
    numbers = {k: v for k, v in names.items() if type(v) is int and v > 0 and v != value}
    ways: list[object] = [f"=max({value}, 1)", f"={2 * value} / 2", f"=[{value}, 9][0]"]
    ways += [f"=round_to({value}, 1)", f"=ceil({value - 1}.25)", f"=sum([{value - 1}, 1])"]
    lists = {k: v for k, v in names.items() if isinstance(v, list)}
    for name, items in lists.items():
        ways += [f"={name}[{place}]" for place, item in enumerate(items) if _same(item, value)] * 2
    for name, number in numbers.items():
        if value % number == 0:
            ways.append(f"={value // number} * {name}")
        elif number % value == 0:
            ways.append(f"={name} // {number // value}")
        else:
            ways.append(f"={name} {'+' if value > number else '-'} {abs(value - number)}")
    return ways


def _choice(choose: Chooser, value: object, names: Known) -> str:
    chosen = f'"{value}"' if isinstance(value, str) else str(value)
    other = '"relu"' if isinstance(value, str) else str(_another(value))
    if choose.chance(2):
        return f"={chosen} if {condition_text(choose, names, True)} else {other}"
    return f"={other} if {condition_text(choose, names, False)} else {chosen}"


def _another(value: object) -> object:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


def _of_tensor(tensor: Tensor) -> dict[str, object]:
    sides = {"width": 1, "height": 2, "depth": 3}
    found: dict[str, object] = {"channels": tensor.channels, "rank": tensor.rank}
    found |= {name: getattr(tensor, name) for name, n in sides.items() if n <= tensor.rank}
    if tensor.rank:
        found["size[0]"] = tensor.size[0]
    return found


_POSITION = ("index", "number", "count", "first", "last")
