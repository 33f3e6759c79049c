"""Random valid specs over the whole language, for tests to share."""

from hypothesis import assume
from hypothesis import strategies as st

from tests.strategies.examples import examples
from tests.strategies.render import layouts, rendered
from tests.strategies.specs import is_valid, spec_data

__all__ = ["examples", "is_valid", "rendered", "spec_data", "specs"]


@st.composite
def specs(draw: st.DrawFn) -> str:
    """The YAML text of a valid spec."""
    data = draw(spec_data())
    assume(is_valid(data))
    return rendered(data, draw(layouts()))
