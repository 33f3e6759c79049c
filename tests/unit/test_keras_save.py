"""Saved models: plain Keras reads them, whole or not at all, with their provenance."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from archc.atomic import CannotWrite, WouldOverwrite
from archc.layers import (
    Activation,
    BatchNorm,
    ChannelShuffle,
    Conv,
    Dense,
    DropPath,
    GlobalAvgPool,
    LayerScale,
    MaxPool,
    Slice,
    ZeroPad,
)
from archc.targets.keras import build, check_target, read_provenance, save
from tests.keras_graphs import chain

PROVENANCE = {"name": "small", "archc": "0.1.0", "spec": "sha256:0123"}

# Keras copies its variables in a way that numpy 2 advises against.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def model() -> Any:
    graph = chain(
        (16, 16, 3),
        Conv(filters=8, kernel=3, stride=2, padding=1, activation="leaky_relu"),
        BatchNorm(),
        Activation(kind="relu6"),
        MaxPool(size=3, stride=2, padding=1),
        ChannelShuffle(groups=2),
        LayerScale(init=0.5),
        DropPath(rate=0.2),
        ZeroPad(channels=(2, 2)),
        Slice(part=1, of=3),
        GlobalAvgPool(),
        Dense(units=10, activation="softmax"),
    )
    return build(graph, seed=0)


def images() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (2, 16, 16, 3)).astype("float32")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


WITHOUT_ARCHC = """
import sys
sys.modules["archc"] = None  # from now on, importing archc fails
import keras, numpy
model = keras.saving.load_model(sys.argv[1])
numpy.save(sys.argv[3], model(numpy.load(sys.argv[2])))
"""


@pytest.mark.slow
def test_keras_alone_loads_what_is_saved(model: Any, tmp_path: Path) -> None:
    path, given, found = (tmp_path / name for name in ("model.keras", "x.npy", "y.npy"))
    save(model, path, provenance=PROVENANCE)
    np.save(given, images())
    command = [sys.executable, "-c", WITHOUT_ARCHC, *map(str, (path, given, found))]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert np.load(found) == pytest.approx(np.asarray(model(images())), abs=1e-6)


def test_a_saved_model_is_the_same_model(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "models" / "model.keras"
    save(model, path, provenance=PROVENANCE)
    assert names(path.parent) == {"model.keras"}
    loaded = keras.saving.load_model(path)
    assert loaded.to_json() == model.to_json()
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert (ours == theirs).all()


def test_the_provenance_is_a_member_of_the_file(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    save(model, path, provenance=PROVENANCE)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("archc.json")) == PROVENANCE
    assert read_provenance(path) == PROVENANCE


def test_what_archc_wrote_is_overwritten(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    save(model, path, provenance=PROVENANCE)
    save(model, path, provenance={"name": "other"})
    assert read_provenance(path) == {"name": "other"}


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x05\x06" + bytes(18)])
def test_what_others_wrote_is_not(model: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(WouldOverwrite, match=r"model\.keras exists, and archc did not write it"):
        save(model, path, provenance=PROVENANCE)
    assert path.read_bytes() == content
    save(model, path, force=True, provenance=PROVENANCE)
    assert read_provenance(path) == PROVENANCE


def test_a_model_that_keras_saved_is_not_overwritten(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    model.save(path)
    assert read_provenance(path) is None
    with pytest.raises(WouldOverwrite):
        check_target(path)
    check_target(path, force=True)


def test_problems_are_told_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"ends in \.keras"):
        check_target(tmp_path / "model.h5")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(CannotWrite, match="it is a directory"):
        check_target(tmp_path / "folder.keras", force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="is not a directory"):
        check_target(tmp_path / "file" / "model.keras")
    check_target(tmp_path / "new" / "model.keras")
    assert names(tmp_path) == {"folder.keras", "file"}


class Interrupted:
    """A model whose saving is interrupted when half of the file is written."""

    def save(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt


def test_an_interrupt_leaves_the_old_file(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    save(model, path, provenance=PROVENANCE)
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        save(Interrupted(), path, provenance=PROVENANCE)
    assert path.read_bytes() == before
    assert names(tmp_path) == {"model.keras"}


SLOW_SAVE = """
import sys, time
from pathlib import Path
from archc.targets.keras import save

class Slow:
    def save(self, path):
        path.write_bytes(b"half")
        (path.parent / "weights.h5").write_bytes(b"half")
        print("half", flush=True)
        time.sleep(60)

save(Slow(), Path(sys.argv[1]), provenance={})
"""


def test_a_killed_save_leaves_the_old_file_and_the_next_cleans_up(
    model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.keras"
    save(model, path, provenance=PROVENANCE)
    before = path.read_bytes()
    command = [sys.executable, "-c", SLOW_SAVE, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == before
    assert len(names(tmp_path)) == 2
    save(model, path, provenance=PROVENANCE)
    assert names(tmp_path) == {"model.keras"}
    assert keras.saving.load_model(path).name == model.name


@pytest.mark.parametrize("limit", [10, 5_000, 20_000])
def test_a_full_disk(limit: int, tmp_path: Path) -> None:
    model = build(chain((64,), Dense(units=256)), seed=0)
    path = tmp_path / "model.keras"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(CannotWrite, match=r"model\.keras: file too large$"):
            save(model, path, provenance=PROVENANCE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == set()


class FullInHdf5:
    """What HDF5 raises on a full disk, where Keras writes weights through a file of their own."""

    def save(self, path: Path) -> None:
        raise RuntimeError(f"Set slist failed (file write failed: filename = '{path}', errno = 28)")


def test_a_full_disk_as_hdf5_tells_it(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"model\.keras: no space left on device$"):
        save(FullInHdf5(), tmp_path / "model.keras", provenance=PROVENANCE)
    assert names(tmp_path) == set()
