"""PyTorch's files: those that `torch.save` writes now, and those that it wrote before 1.6."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

from archc.targets.torch.state_dict import load_tensors
from archc.weights.file_limits import MAX_ARRAYS
from archc.weights.weight_file import StoredArray, WeightFile, by_name, refuse_file
from archc.weights.zip_file import ZipMembers

if TYPE_CHECKING:
    import numpy as np
    import torch

_WHOLE = frozenset(f"torch.{name}" for name in ("int64", "int32", "int16", "int8", "uint8"))


@contextmanager
def open_torch_zip(path: Path, members: ZipMembers) -> Iterator[WeightFile]:
    """The tensors of a file as `torch.save` writes it; their values stay on the disk.

    Raises `CompileError` (`weights-file`) where PyTorch is not installed, the file is damaged or
    compressed, or holds anything but tensors by name.
    """
    if not members.plain:
        refuse_file(f"expected plain members in `{path}`, found compressed ones")
    yield _file(path, mapped=True)


@contextmanager
def open_torch_pickle(path: Path) -> Iterator[WeightFile]:
    """The same for the format that PyTorch wrote before 1.6."""
    yield _file(path, mapped=False)


def _file(path: Path, *, mapped: bool) -> WeightFile:
    tensors, where = _loaded(path, mapped=mapped)
    if not tensors:
        refuse_file(f"expected tensors by name in `{path}`, found none")
    if len(tensors) > MAX_ARRAYS:
        refuse_file(f"expected at most {MAX_ARRAYS:,} tensors in `{path}`, found {len(tensors):,}")
    arrays = [_stored(name, tensor) for name, tensor in tensors.items()]
    described = f"PyTorch, under `{where}`" if where else "PyTorch"
    return WeightFile(path, "torch", described, by_name(path, arrays))


def _loaded(path: Path, *, mapped: bool) -> tuple[dict[str, torch.Tensor], str]:
    try:
        return load_tensors(path, mapped=mapped)
    except ImportError:
        refuse_file(
            f"expected PyTorch to read `{path}`, which is a file of PyTorch, found none",
            helps=("install it (pip install torch), or save the tensors as safetensors",),
        )
    except UnpicklingError:
        refuse_file(
            f"expected tensors alone in `{path}`, found what PyTorch refuses to load as weights",
            "it may be damaged, or it may hold code, which is never executed",
            helps=("save `model.state_dict()`, or the tensors as safetensors",),
        )
    # A damaged file surfaces as any of a dozen kinds of exception.
    except Exception as error:
        refuse_file(f"expected a whole file of PyTorch, found `{path}`, which is damaged", error)


def _stored(name: str, tensor: torch.Tensor) -> StoredArray:
    floating, dtype = tensor.dtype.is_floating_point, str(tensor.dtype)
    plain = str(tensor.layout) == "torch.strided" and tensor.device.type == "cpu"

    def read() -> np.ndarray:
        # numpy lacks bfloat16 and the smaller ones.
        wide = tensor.float() if floating and tensor.element_size() < 4 else tensor
        values: np.ndarray = wide.detach().numpy()
        return values

    numeric = plain and (floating or dtype in _WHOLE)
    return StoredArray(name, tuple(tensor.shape), dtype, numeric, read)
