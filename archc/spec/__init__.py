"""Pydantic models of the documents: the shape of the YAML."""

from archc.spec.assemble import Assembled, assemble
from archc.spec.documents import (
    BlockDocument,
    Document,
    ExpectDocument,
    GroupsDocument,
    LibraryDocument,
    PreprocessDocument,
    SpecDocument,
    StridePolicyDocument,
)
from archc.spec.family import Family, load_family
from archc.spec.fields import (
    IDENTIFIER,
    RESERVED,
    SPEC_NAME,
    describe,
    id_problem,
    identifier_problem,
)
from archc.spec.files import spec_files
from archc.spec.libraries import Library
from archc.spec.settings import Setting
from archc.spec.shipped import library_of, using_library
from archc.spec.validate import validate

__all__ = [
    "IDENTIFIER",
    "RESERVED",
    "SPEC_NAME",
    "Assembled",
    "BlockDocument",
    "Document",
    "ExpectDocument",
    "Family",
    "GroupsDocument",
    "Library",
    "LibraryDocument",
    "PreprocessDocument",
    "Setting",
    "SpecDocument",
    "StridePolicyDocument",
    "assemble",
    "describe",
    "id_problem",
    "identifier_problem",
    "library_of",
    "load_family",
    "spec_files",
    "using_library",
    "validate",
]
