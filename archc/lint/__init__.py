"""What is allowed in a spec and seldom meant: warnings, each of which can be silenced."""

from archc.lint.run import lint

__all__ = ["lint"]
