"""How much one expression may ask for: evaluation is total and bounded, whatever the text."""

from __future__ import annotations

from typing import Final

MAX_TEXT: Final = 2_000
"""Characters of an expression's text."""

MAX_NESTING: Final = 60
"""Operations inside one another: evaluation takes a stack frame or two for each."""

MAX_INTEGER: Final = 2**63 - 1
"""The largest whole number, either sign: what every framework's shapes hold."""

MAX_ELEMENTS: Final = 100_000
"""Elements of a list, those of the lists inside it included."""

MAX_LIST_NESTING: Final = 50
"""Lists inside one another: comparing them recurses."""

MAX_CHARACTERS: Final = 1_000
"""Characters of a text value."""

MAX_STEPS: Final = 1_000_000
"""Steps of one evaluation: operations inside comprehensions, calls, elements looked at."""

MAX_STEPS_TOGETHER: Final = 1_000_000
"""Steps of all evaluations of one spec: a loop of layers may evaluate the same ones each time."""

MAX_DECIMALS: Final = 18
"""The second argument of `round`, either sign."""
