"""The canonical layout of spec files: what is written stays what it means, comments stay."""

from archc.format.document import formatted

__all__ = ["formatted"]
