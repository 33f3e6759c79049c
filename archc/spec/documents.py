"""The shape of the documents: which keys there are and what kind of value each has.

Values of args and attributes stay located nodes: what they mean is known when names are linked.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from archc.source import Mapping, Node, Scalar
from archc.spec.fields import (
    AsItStands,
    CropKind,
    Identifiers,
    InterpolationKind,
    Located,
    NamedTable,
    Nodes,
    PixelMode,
    StrideBlock,
    Table,
    Tags,
    Texts,
    Variants,
    expected,
    open_mapping,
    open_named,
)

ORIGIN = "\0origin"
"""The key under which a document carries its node; it is set last, so no YAML key can clash."""


class Document(BaseModel):
    """A mapping with known keys. A key without a value counts as not written."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True
    )

    origin: Annotated[Mapping, AsItStands] = Field(alias="\0origin", repr=False)

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: object) -> dict[str, object]:
        if not isinstance(node, Mapping):
            raise expected("a mapping")
        entries: dict[str, object] = {
            key: value
            for key, value in open_mapping(node).items()
            if key not in cls.model_fields
            or not (isinstance(value, Scalar) and value.value is None)
        }
        return entries | {ORIGIN: node}


class BlockDocument(Document):
    """`define: {name: …}`: a block with its inputs, args, steps and outputs."""

    about: Located | None = None
    inputs: Identifiers = []
    outputs: Tags = []
    args: NamedTable = {}
    steps: Nodes


def _open_blocks(node: object) -> dict[str, Node]:
    return open_named(node)


Blocks = Annotated[dict[str, BlockDocument], BeforeValidator(_open_blocks)]


class LibraryDocument(Document):
    """A file of blocks that specs use."""

    about: Located | None = None
    use: Nodes = []
    defaults: Table = {}
    define: Blocks = {}


class ExpectDocument(Document):
    """`expect:` what must hold at every compile: a quantity itself, or bounds of it."""

    params: Located | None = None
    trainable: Located | None = None
    macs: Located | None = None
    flops: Located | None = None
    activation_memory: Located | None = None
    training_memory: Located | None = None
    weight_memory: Located | None = None
    gradient_memory: Located | None = None
    optimizer_memory: Located | None = None
    receptive_field: Located | None = None
    stride: Located | None = None
    arithmetic_intensity: Located | None = None
    output: Located | None = None


class PreprocessDocument(Document):
    """`preprocess:` how an image becomes what enters the network."""

    mode: PixelMode = "none"
    mean: Located | None = None
    std: Located | None = None
    size: Located | None = None
    crop: CropKind = "center"
    interpolation: InterpolationKind = "bicubic"


class StridePolicyDocument(Document):
    """`stride_policy:` as a mapping: which stride each group gets, and which block has it."""

    first_group: Located | None = None
    other_groups: Located | None = None
    strides: Located | None = None
    on: StrideBlock = "first_block"
    output_stride: Located | None = None


class GroupsDocument(Document):
    """A `groups` step, or the learner itself: what isn't a key here is an arg of the blocks."""

    model_config = ConfigDict(extra="allow")

    block: Located | None = None
    blocks: Located | None = None
    stride_policy: Located | None = None
    scaling: NamedTable = {}
    before: Nodes = []
    after: Nodes = []
    id: Located | None = None
    groups: Located | None = None

    @property
    def arguments(self) -> dict[str, Node]:
        """The args that are given for every group."""
        known = type(self).model_fields
        return {key: entry.value for key, entry in self.origin.entries.items() if key not in known}


class SpecDocument(Document):
    """A spec after `extends`, the variant and all settings were applied."""

    name: Located | None = None
    about: Located | None = None
    extends: Located | None = None
    use: Nodes = []
    args: NamedTable = {}
    variants: Variants = {}
    defaults: Table = {}
    input: Located
    define: Blocks = {}
    stem: Nodes = []
    learner: Located | None = None
    task: Nodes = []
    outputs: Tags = []
    expect: ExpectDocument | None = None
    preprocess: PreprocessDocument | None = None
    weights: Annotated[dict[str, Texts], BeforeValidator(open_mapping)] = {}
