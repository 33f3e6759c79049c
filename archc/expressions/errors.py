"""What is wrong with an expression, and where in its text."""

from __future__ import annotations

from typing import Literal

ExpressionErrorCode = Literal[
    "bad-expression",
    "unknown-name",
    "unknown-function",
    "unknown-attribute",
    "expression-value",
    "expression-limit",
]


class ExpressionError(Exception):
    """An expression that cannot be parsed or evaluated.

    `start` and `end` are offsets into the text of the expression (or template) of the part that
    is to blame; the end is exclusive. `unknown_name` is the name that the lookup did not know.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        helps: tuple[str, ...] = (),
        *,
        code: ExpressionErrorCode = "bad-expression",
        unknown_name: str | None = None,
    ) -> None:
        self.message = message
        self.start = start
        self.end = end
        self.helps = helps
        self.code = code
        self.unknown_name = unknown_name
        super().__init__(message)

    def shifted(self, offset: int) -> ExpressionError:
        """The same error in a text where the expression starts at `offset`."""
        return ExpressionError(
            self.message,
            self.start + offset,
            self.end + offset,
            self.helps,
            code=self.code,
            unknown_name=self.unknown_name,
        )


class OperationError(Exception):
    """An operation that cannot be carried out; its place in the text is added later."""

    def __init__(
        self,
        message: str,
        helps: tuple[str, ...] = (),
        code: ExpressionErrorCode = "expression-value",
    ) -> None:
        self.message = message
        self.helps = helps
        self.code = code
        super().__init__(message)

    def at(self, start: int, end: int) -> ExpressionError:
        return ExpressionError(self.message, start, end, self.helps, code=self.code)


def limit(message: str) -> OperationError:
    return OperationError(message, code="expression-limit")
