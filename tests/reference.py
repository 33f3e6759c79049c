"""The networks of keras.applications as references, with weights that make a comparison see.

A comparison is blind where the outputs no longer depend on the inputs: random weights are scaled,
and batch-norm statistics taken from a pass of real size, before they are shaken.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np


@dataclass(frozen=True)
class Reference:
    """A constructor of keras.applications, and how to compare with it.

    A `side` of the images that is no multiple of 32 gives feature maps of even and of odd sizes,
    at which paddings differ. The largest networks are compared at 46 pixels, whose maps are 23,
    12, 6, 3 and 2 wide; the Inceptions take no fewer than 75.

    In float32 most networks are equal to the bit. Where Keras computes the same in other steps,
    rounding differs, and grows from layer to layer: there float64 shows that no more differs.
    """

    constructor: str
    side: int = 70
    floatx: str = "float32"
    slow: bool = True


REFERENCES: dict[str, Reference] = {
    "resnet50": Reference("ResNet50", slow=False),
    "resnet101": Reference("ResNet101"),
    "resnet152": Reference("ResNet152", side=46),
    "resnet_v2@resnet50v2": Reference("ResNet50V2", slow=False),
    "resnet_v2@resnet101v2": Reference("ResNet101V2"),
    "resnet_v2@resnet152v2": Reference("ResNet152V2", side=46),
    "vgg@vgg16": Reference("VGG16"),
    "vgg@vgg19": Reference("VGG19"),
    "xception": Reference("Xception", side=75),
    "inception_v3": Reference("InceptionV3", side=107),
    "inception_resnet_v2": Reference("InceptionResNetV2", side=79),
    "mobilenet": Reference("MobileNet", slow=False),
    "mobilenet_v2": Reference("MobileNetV2", slow=False),
    # Its gates are a relu6 and a product in Keras, not a hard sigmoid.
    "mobilenet_v3@small": Reference("MobileNetV3Small", floatx="float64", slow=False),
    "mobilenet_v3@large": Reference("MobileNetV3Large", floatx="float64"),
    "densenet@densenet121": Reference("DenseNet121"),
    "densenet@densenet169": Reference("DenseNet169"),
    "densenet@densenet201": Reference("DenseNet201", side=46),
    "nasnet@mobile": Reference("NASNetMobile"),
    "nasnet@large": Reference("NASNetLarge", side=46),
    "efficientnet@b0": Reference("EfficientNetB0", slow=False),
    "efficientnet@b1": Reference("EfficientNetB1"),
    "efficientnet@b2": Reference("EfficientNetB2"),
    "efficientnet@b3": Reference("EfficientNetB3"),
    "efficientnet@b4": Reference("EfficientNetB4", side=46),
    "efficientnet@b5": Reference("EfficientNetB5", side=46),
    "efficientnet@b6": Reference("EfficientNetB6", side=46),
    "efficientnet@b7": Reference("EfficientNetB7", side=46),
    "efficientnet_v2@b0": Reference("EfficientNetV2B0", slow=False),
    "efficientnet_v2@b1": Reference("EfficientNetV2B1"),
    "efficientnet_v2@b2": Reference("EfficientNetV2B2"),
    "efficientnet_v2@b3": Reference("EfficientNetV2B3"),
    "efficientnet_v2@s": Reference("EfficientNetV2S", side=46),
    "efficientnet_v2@m": Reference("EfficientNetV2M", side=46),
    "efficientnet_v2@l": Reference("EfficientNetV2L", side=46),
    "convnext@tiny": Reference("ConvNeXtTiny"),
    "convnext@small": Reference("ConvNeXtSmall"),
    "convnext@base": Reference("ConvNeXtBase", side=46),
    "convnext@large": Reference("ConvNeXtLarge", side=46),
    "convnext@xlarge": Reference("ConvNeXtXLarge", side=46),
}
"""The shipped specs that keras.applications has too, by `name@variant`."""

ALPHAS = [
    ("mobilenet", 0.25),
    ("mobilenet", 0.5),
    ("mobilenet", 0.75),
    ("mobilenet_v2", 0.35),
    ("mobilenet_v2", 1.4),
    ("mobilenet_v3@small", 0.75),
    ("mobilenet_v3@large", 1.25),
]
"""Widths other than 1.0 of networks that `alpha` scales, below and above it."""


def keras_reference(name: str, alpha: float | None = None) -> keras.Model:
    """The network of keras.applications that a shipped spec equals, with random weights."""
    reference = REFERENCES[name]
    keras.config.set_floatx(reference.floatx)
    constructor = getattr(keras.applications, reference.constructor)
    options = {} if alpha is None else {"alpha": alpha}
    with warnings.catch_warnings():
        # MobileNets warn of sizes that they have no pretrained weights for.
        warnings.simplefilter("ignore")
        # Layers without a name are numbered from model to model, unless Keras starts anew.
        keras.utils.clear_session()
        return constructor(weights=None, input_shape=(reference.side, reference.side, 3), **options)


def weighted_layers(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers that have weights, those of models inside the model included."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from weighted_layers(layer)
        elif layer.weights:
            yield layer


def copy_weights_by_name(
    source: keras.Model, target: keras.Model, names: Mapping[str, str]
) -> None:
    """Give each layer of `target` the weights of the layer of `source` that `names` says.

    Shapes may differ by axes of 1: a scale of channels is (C,), or (1, 1, C, 1) as a convolution.
    """
    sources = {layer.name: layer for layer in weighted_layers(source)}
    for layer in weighted_layers(target):
        values = sources[names[layer.name]].get_weights()
        pairs = list(zip(values, layer.weights, strict=True))
        assert all(_without_ones(value) == _without_ones(variable) for value, variable in pairs)
        _set_weights(layer, [value.reshape(variable.shape) for value, variable in pairs])


def _without_ones(array: Any) -> list[int]:
    return [size for size in array.shape if size != 1]


def randomise(model: keras.Model, seed: int) -> None:
    """Random weights and batch-norm statistics with which outputs depend on inputs.

    Kernels are He-scaled. Batch-norm statistics are those of one pass over random images, each
    shaken by itself, so that no statistic may stand in for another. The classifier is scaled to
    what enters it, so that the softmax is not saturated.
    """
    random = np.random.default_rng(seed)
    images = random_images(model, 4, seed)
    layers = list(weighted_layers(model))
    for layer in layers:
        _set_weights(layer, [_random_value(variable, random) for variable in layer.weights])
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    if norms:
        _take_statistics(model, norms, images)
    for norm in norms:
        _shake_statistics(norm, random)
    _scale_classifier(model, layers[-1], images)


def random_images(model: keras.Model, count: int, seed: int) -> np.ndarray:
    """Images of blotches, from 0 to 255: noise alone averages out, and all images look alike."""
    random = np.random.default_rng(seed)
    *sides, channels = model.input_shape[1:]
    coarse = random.uniform(0, 255, (count, *(math.ceil(side / 8) for side in sides), channels))
    blotches = coarse.repeat(8, axis=1).repeat(8, axis=2)[:, : sides[0], : sides[1]]
    noise = random.uniform(-40, 40, blotches.shape)
    return np.clip(blotches + noise, 0, 255).astype("float32")


def relative_difference(a: Any, b: Any) -> float:
    """The greatest difference, relative to the greatest value of both."""
    a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
    return float(np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max()))


def _random_value(variable: Any, random: np.random.Generator) -> np.ndarray:
    shape = tuple(variable.shape)
    # A LayerScale's variable has no name of its own.
    match re.sub(r"^variable(_\d+)?$", "gamma", variable.path.rpartition("/")[2]):
        case "kernel" | "depthwise_kernel" | "pointwise_kernel":
            depthwise = len(shape) == 4 and shape[-1] == 1
            fan_in = math.prod(shape[:2] if depthwise else shape[:-1])
            # In float32 at once: the largest network has 350 million of them.
            return random.standard_normal(shape, "float32") * np.float32(math.sqrt(2 / fan_in))
        case "gamma":
            return random.uniform(0.8, 1.2, shape)
        case "bias" | "beta" | "moving_mean" | "mean":
            return random.normal(0, 0.1, shape)
        case "moving_variance" | "variance":
            return random.uniform(0.5, 1.5, shape)
        case "count":
            return np.zeros(shape)
    raise AssertionError(f"no random value for {variable.path}")


def _set_weights(layer: keras.Layer, values: list[np.ndarray]) -> None:
    layer.set_weights(values)
    if isinstance(layer, keras.layers.Normalization):
        layer.finalize_state()  # it computes with a copy of its statistics


def _take_statistics(
    model: keras.Model, norms: list[keras.layers.BatchNormalization], images: np.ndarray
) -> None:
    """Set the moving statistics of every batch norm to those of the images."""
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model(images, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _shake_statistics(norm: keras.layers.BatchNormalization, random: np.random.Generator) -> None:
    mean = np.asarray(norm.moving_mean)
    variance = np.asarray(norm.moving_variance)
    # A channel that happened to be constant would be divided by nothing.
    variance = np.maximum(variance, 0.05 * variance.mean() + 1e-4)
    mean = mean + np.sqrt(variance) * random.normal(0, 0.1, mean.shape)
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance * random.uniform(0.5, 1.5, variance.shape))


def _scale_classifier(model: keras.Model, classifier: keras.Layer, images: np.ndarray) -> None:
    """Let the logits of the images spread by about 1, around what the images have in common."""
    features = np.asarray(keras.Model(model.input, classifier.input)(images, training=False))
    mean, spread = features.mean(axis=0).ravel(), features.std(axis=0).ravel()
    kernel, bias = classifier.get_weights()
    scaled = kernel / (math.sqrt(2) * np.sqrt((spread**2).mean()))
    classifier.set_weights([scaled, bias - mean @ scaled.reshape(mean.size, -1)])
