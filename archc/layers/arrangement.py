"""Layers that only arrange values anew: flatten, reshape, shuffle, slice."""

from math import gcd, prod
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from archc.layers.attributes import Count, Dimensions, Integer, Natural, missing, one_name, refused
from archc.layers.base import Layer, ShapeError
from archc.layers.shape import TensorShape

AXES = ("channels", "tokens", "length", "height", "width", "depth")

_SPATIAL_AXES: dict[int, dict[str, int]] = {
    0: {},
    1: {"tokens": 0, "length": 0},
    2: {"height": 0, "width": 1},
    3: {"depth": 0, "height": 1, "width": 2},
}

Axis = Annotated[str, one_name(AXES, "an axis", "axes")]


class Flatten(Layer):
    """All values as one vector, the channels running fastest."""

    verb: ClassVar[str] = "flatten"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return TensorShape((shape.elements,))


class Reshape(Layer):
    """The same values in another shape, channels last; one size may be −1: what is left."""

    verb: ClassVar[str] = "reshape"
    main: ClassVar[str | None] = "shape"

    shape: Dimensions

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (given,) = inputs
        known = prod(size for size in self.shape if size != -1)
        open_size = -1 in self.shape
        if given.elements % known if open_size else given.elements != known:
            wanted = TensorShape(self.shape)
            needs = f"a multiple of {known}" if open_size else str(known)
            raise ShapeError(
                "reshape-elements",
                f"`reshape` to {wanted} needs {needs} values, found {given.elements} in {given}",
                shape=None if open_size else wanted,
            )
        return TensorShape(size if size != -1 else given.elements // known for size in self.shape)


class ChannelShuffle(Layer):
    """Channels of `groups` groups dealt out in turn (Zhang et al., 2018, arXiv:1707.01083)."""

    verb: ClassVar[str] = "channel_shuffle"
    main: ClassVar[str | None] = "groups"

    groups: Count

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        if shape.channels % self.groups == 0:
            return shape
        raise ShapeError(
            "groups-divide",
            f"`channel_shuffle` with groups {self.groups} needs channels that {self.groups} "
            f"divides, found {shape.channels}",
            helps=(f"`groups: {gcd(self.groups, shape.channels)}` divides them",),
            shape=shape,
        )


class Slice(Layer):
    """A stretch of one axis: part `part` (from 0) of `of` equal parts, or from `start` to `stop`.

    `stop` is not included; None is the end. Negative numbers count from the end, as in Python.
    """

    verb: ClassVar[str] = "slice"

    axis: Axis = "channels"
    part: Natural | None = None
    of: Count | None = None
    start: Integer = 0
    stop: Integer | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_part = self.model_fields_set & {"part", "of"}
        by_bounds = self.model_fields_set & {"start", "stop"}
        if by_part and by_bounds:
            raise refused(
                min(by_bounds), "`slice` takes `part` and `of`, or `start` and `stop`, not both"
            )
        if not by_part and not by_bounds:
            raise missing("stop", "say which stretch: `part` and `of`, or `start` and `stop`")
        if by_part and len(by_part) == 1:
            raise missing("of" if "part" in by_part else "part")
        if self.part is not None and self.of is not None and self.part >= self.of:
            raise refused(
                "part", f"expected a part below {self.of}, as parts count from 0, found {self.part}"
            )
        return self

    def bounds(self, shape: TensorShape) -> tuple[int, int, int]:
        """The axis as a position in `shape`, the start and the stop, none of them negative.

        Raises `ShapeError`: `input-rank` where the shape has no such axis, `slice-range` where
        the stretch lies beyond it or the parts are not equal, `size-zero` where it is empty.
        """
        axis = self._position(shape)
        length = shape[axis]
        start, stop = self._stretch(length)
        if start >= stop:
            raise ShapeError(
                "size-zero", f"`slice` from {start} to {stop} leaves nothing of {shape}"
            )
        return axis, start, stop

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        axis, start, stop = self.bounds(shape)
        return TensorShape((*shape[:axis], stop - start, *shape[axis + 1 :]))

    def _position(self, shape: TensorShape) -> int:
        if self.axis == "channels":
            return shape.rank
        axes = _SPATIAL_AXES.get(shape.rank, {})
        if self.axis in axes:
            return axes[self.axis]
        names = ", ".join(f"`{name}`" for name in (*axes, "channels"))
        raise ShapeError(
            "input-rank", f"{shape} has no {self.axis} to slice", helps=(f"its axes are {names}",)
        )

    def _stretch(self, length: int) -> tuple[int, int]:
        if self.part is None or self.of is None:
            return self._between(length)
        if length % self.of:
            message = f"`slice` cannot make {self.of} equal parts of {length} {self.axis}"
            raise ShapeError("slice-range", message)
        size = length // self.of
        return self.part * size, (self.part + 1) * size

    def _between(self, length: int) -> tuple[int, int]:
        for name, bound in (("start", self.start), ("stop", self.stop)):
            if bound is not None and not -length <= bound <= length:
                raise ShapeError(
                    "slice-range", f"`{name}` {bound} lies beyond the {length} {self.axis}"
                )
        start, stop, _ = slice(self.start, self.stop).indices(length)
        return start, stop
