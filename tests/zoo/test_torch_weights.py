"""State dicts of timm and torchvision load through `--weights` and give their outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import archc.targets.keras.custom  # the models that are loaded have layers of it
from archc.cli.boundary import run
from tests.reference import relative_difference

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

assert archc.targets.keras.custom

MODELS = {
    ("resnet18", "torchvision"): ("resnet18", [64, 64, 3]),
    ("resnet34", "timm"): ("resnet34", [64, 64, 3]),
    ("resnet3d", "torchvision"): ("video.r3d_18", [8, 32, 32, 3]),
    ("vit@ti16", "timm"): ("vit_tiny_patch16_224", [224, 224, 3]),
}


@pytest.fixture(scope="module")
def libraries() -> dict[str, Any]:
    """timm and torchvision; the compiled operators of the latter do not load everywhere."""
    references = pytest.importorskip("tests.timm_references", exc_type=ImportError)
    return {"torchvision": references.torchvision, "timm": references.timm}


def made(libraries: dict[str, Any], source: str, name: str) -> Any:
    torch.manual_seed(0)
    if source == "timm":
        model = libraries["timm"].create_model(name)
    else:
        place = libraries["torchvision"].models
        for part in name.split("."):
            place = getattr(place, part)
        model = place()
    for path, values in model.state_dict().items():
        if not values.is_floating_point():
            continue
        if path.endswith("running_var") or (path.endswith("weight") and values.ndim == 1):
            values.uniform_(0.7, 1.3)
        elif values.ndim == 1:
            values.normal_(0, 0.1)
    return model.eval()


@pytest.mark.parametrize("form", ["safetensors", "pth"])
@pytest.mark.parametrize(("spec", "source"), MODELS)
def test_outputs_are_those_of_the_library(
    spec: str, source: str, form: str, libraries: dict[str, Any], tmp_path: Path
) -> None:
    name, shape = MODELS[spec, source]
    model = made(libraries, source, name)
    path, out = tmp_path / f"weights.{form}", tmp_path / "out.keras"
    if form == "pth":
        torch.save(model.state_dict(), path)
    else:
        from safetensors.torch import save_file

        save_file(model.state_dict(), path)
    options = ["--set", f"input={shape}", "--weights", str(path), "--weights-from", source]
    assert run(["build", spec, *options, "-o", str(out)]) == 0
    images = torch.randn(2, shape[-1], *shape[:-1])
    with torch.no_grad():
        expected = model(images).numpy()
    built = keras.models.load_model(out)
    found = np.asarray(built(images.movedim(1, -1).numpy(), training=False))
    assert relative_difference(found, expected) < 1e-5
    assert relative_difference(expected[:1], expected[1:]) > 1e-2
