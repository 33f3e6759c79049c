"""What the printer of PyTorch may refuse."""

from __future__ import annotations


class CannotPrint(NotImplementedError):
    """The plan has a shape that no class of PyTorch is printed for; a plainer plan has not."""
