"""docs/zoo.md says of the zoo what the specs come to."""

from __future__ import annotations

from tests.conftest import Golden
from tests.zoo_page import PAGE, page, shipped, table


def test_the_page_is_as_the_specs_are(golden: Golden) -> None:
    golden.check(PAGE, page())


def test_every_variant_has_a_row() -> None:
    rows = table().splitlines()[2:]
    assert len(rows) == len(list(shipped()))
    (resnet50,) = [row for row in rows if row.startswith("| `resnet50` |")]
    # Keras publishes the parameters, and He et al. (2015) 3.8 G multiply-adds.
    assert " | 25,636,712 | 3.86 G | `keras.applications.ResNet50` | " in resnet50
