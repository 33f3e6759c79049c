"""Weight files of keras.applications, as users have them, load into what archc builds."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import archc
from tests.reference import randomise, relative_difference


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_legacy_h5_file_of_resnet50_loads_by_name(tmp_path: Path) -> None:
    reference = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=1000)
    randomise(reference, seed=7)
    reference.save(tmp_path / "resnet50.h5")
    model = archc.load("resnet50").with_({"input": [64, 64, 3]}).build(seed=0)
    images = np.random.default_rng(1).normal(size=(2, 64, 64, 3)).astype("float32")
    before = model(images, training=False)
    model.load_weights(tmp_path / "resnet50.h5", by_name=True)
    expected = reference(images, training=False)
    assert relative_difference(model(images, training=False), expected) < 1e-6
    assert relative_difference(before, expected) > 1e-2
