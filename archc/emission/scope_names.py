"""The names of a scope for expressions."""

from __future__ import annotations

import ast

from archc.emission.dialect import Dialect
from archc.emission.scope import Scope, Variable
from archc.emission.symbols import Code
from archc.emission.translate import NoCode


class ScopeNames:
    """The names of a scope as the translator wants them."""

    def __init__(self, scope: Scope, dialect: Dialect) -> None:
        self._scope = scope
        self._dialect = dialect

    def code(self, name: str) -> Code:
        found = self._scope.lookup(name)
        if isinstance(found, Variable):
            return ast.Name(found.name, ast.Load())
        if isinstance(found, dict):
            raise NoCode
        return found

    def attribute(self, name: str, attribute: str) -> Code:
        found = self._scope.lookup(name)
        if isinstance(found, Variable):
            return self._dialect.attribute(found, attribute)
        if isinstance(found, dict) and attribute in found:
            return found[attribute]()
        raise NoCode
