"""The folders that templates are read from: those of a user's hold nothing of other folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateNotFound


class TemplateFolders(FileSystemLoader):
    """Templates below some folders; a symbolic link that leads out of them is no template."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Raises `TemplateNotFound`."""
        text, found, is_as_read = super().get_source(environment, template)
        place = Path(found).resolve()
        if not any(place.is_relative_to(Path(folder).resolve()) for folder in self.searchpath):
            raise TemplateNotFound(template, f"`{template}` leads out of the folder of templates")
        return text, found, is_as_read
