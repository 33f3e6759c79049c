"""Names of all kinds: ids, identifiers, names of specs and variants, texts about them."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from archc.layers import LAYERS, MERGES, ROLES
from tests.strategies.choices import Chooser
from tests.strategies.values import FUNCTIONS

PLAIN_IDS = ("a", "b", "c", "conv_x", "down", "entry", "mid", "out", "pool", "up", "z9")
DIGIT_IDS = ("0", "1", "2", "007", "1a", "2_b", "3x3", "1e5", "0x1f")
PYTHON_IDS = (
    *("lambda", "class", "None", "True", "if", "for", "import", "def", "return", "async"),
    *(
        "type",
        "list",
        "id",
        "print",
        "self",
        "super",
        "object",
        "max",
        "zip",
        "_",
        "__",
        "__init__",
    ),
)
FRAMEWORK_IDS = (
    *("keras", "layers", "nn", "torch", "F", "x", "name", "names", "inputs", "outputs", "model"),
    *("forward", "train", "training", "eval", "half", "parameters", "children", "call", "Model"),
    *("y", "n", "on", "off", "yes", "null", "true", "filters", "group", "block", "row", "here"),
)
LONG_IDS = ("an_id_that_is_long_" + "x" * 60, "L" * 100)

PLAIN_NAMES = ("width", "size", "deep", "p", "q", "ratio", "act", "k2", "wide")
ODD_NAMES = (
    *("type", "list", "print", "self", "super", "object", "x", "name", "inputs", "outputs", "nn"),
    *("F", "torch", "keras", "layers", "out_channels", "in_channels", "_", "match", "case"),
    *("None_", "dtype", "Conv", "a_name_that_is_long_" + "y" * 50),
)
_WORDS_OF_GROUPS = {
    "blocks",
    "groups",
    "scaling",
    "before",
    "after",
    "id",
    "stride_policy",
    "steps",
}
TAKEN = {*LAYERS, *MERGES, *ROLES, *FUNCTIONS, *_WORDS_OF_GROUPS, "linear"}

ABOUTS = (
    "A network",
    'Deep networks (Someone et al., 2015, arXiv:1512.03385): "quoted", it\'s 3×3',
    "backslash \\n {braces} %s {{ jinja }} {% raw %} # no comment",
    'ends with a quote"',
    "трудно — naïve café",
    "long " * 60,
)


def ids(choose: Chooser, taken: Collection[str] = ()) -> str:
    """An id of a step that is none of `taken`."""
    pools = (PLAIN_IDS, PLAIN_IDS, DIGIT_IDS, PYTHON_IDS, FRAMEWORK_IDS, LONG_IDS)
    return _one_of(choose, pools, taken)


def identifiers(choose: Chooser, taken: Collection[str] = ()) -> str:
    """A name for an arg, an input or a block: none of `taken`, no word of the language."""
    return _one_of(choose, (PLAIN_NAMES, PLAIN_NAMES, ODD_NAMES), {*taken, *TAKEN})


def _one_of(choose: Chooser, pools: tuple[tuple[str, ...], ...], taken: Collection[str]) -> str:
    free = [name for name in choose.pick(*pools) if name not in taken]
    return choose.pick(*free) if free else next(n for i in count() if (n := f"n{i}") not in taken)


SPEC_NAMES = ("net", "resnet50", "my-net.v1", "_x", "None", "class", "Model", "torch", "n" * 100)
VARIANTS = ("small", "large", "b0", "224", "x-l", "v1.5", "None")
