"""`archc predict` and `preprocess:`: images as Keras and torchvision would prepare them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import util
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import archc
from archc import weights
from archc.cli.boundary import run
from archc.prediction import Preprocessing, images, preprocessing_of, read_images
from archc.spec import PreprocessDocument
from tests.docs_examples import ROOT
from tests.test_docs import quoted, rows_under

COLOURS = """\
name: colours
input: [8, 8, 3]
task:
- global_avg_pool
- {id: head, dense: {units: 3, bias: false}}
preprocess: {mean: 127, std: 128}
"""
"""With the identity as its kernel it tells which of red, green and blue there is most of."""

RED = (250, 40, 10)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("colours.yaml").write_text(COLOURS, encoding="utf-8")
    Path("labels.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")
    weights.save("colours.safetensors", {"head/kernel": 4 * np.eye(3, dtype="float32")})
    Image.new("RGB", (20, 10), RED).save("red.png")
    return tmp_path


def spec_with(preprocess: str, shape: str = "[8, 8, 3]") -> archc.Spec:
    text = f"input: {shape}\ntask: [flatten, dense: 3]\npreprocess: {preprocess}\n"
    Path("net.yaml").write_text(text, encoding="utf-8")
    return archc.load("net.yaml")


def photo(height: int, width: int) -> Image.Image:
    """Colours without a pattern, so that a shift by a pixel is seen."""
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype="uint8")
    return Image.fromarray(pixels)


def predicted(*arguments: str) -> int:
    given = ["--weights", "colours.safetensors", "--weights-from", "archc"]
    return run(["predict", "colours.yaml", *given, *arguments])


@pytest.mark.parametrize("mode", ["tf", "torch", "caffe"])
def test_modes_are_those_of_keras(mode: str) -> None:
    photo(8, 8).save("photo.png")
    (found,) = read_images([Path("photo.png")], preprocessing_of(spec_with(f"{{mode: {mode}}}")))
    pixels = np.asarray(photo(8, 8), "float32")
    expected = keras.applications.imagenet_utils.preprocess_input(pixels.copy(), mode=mode)
    assert np.abs(found - expected).max() < 1e-4  # Keras rounds to float32 on the way
    assert np.abs(found - pixels).max() > 1


@pytest.mark.parametrize("sides", [(37, 52), (52, 37), (8, 9), (300, 7)])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_crops_are_those_of_torchvision(sides: tuple[int, int], interpolation: str) -> None:
    pytest.importorskip("tests.timm_references", reason="needs timm: pip install 'archc[oracle]'")
    from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

    photo(*sides).save("photo.png")
    spec = spec_with(f"{{size: 11, interpolation: {interpolation}}}")
    (found,) = read_images([Path("photo.png")], preprocessing_of(spec))
    transform = Compose([Resize(11, InterpolationMode(interpolation)), CenterCrop(8)])
    assert (found == np.asarray(transform(photo(*sides)))).all()


def test_without_a_crop_images_are_resized_as_by_keras() -> None:
    photo(37, 52).save("photo.png")
    spec = spec_with("{crop: none, interpolation: nearest}", "[8, 6, 3]")
    (found,) = read_images([Path("photo.png")], preprocessing_of(spec))
    loaded = keras.utils.load_img("photo.png", target_size=(8, 6), interpolation="nearest")
    assert (found == keras.utils.img_to_array(loaded)).all()


def test_the_middle_of_an_image_that_is_not_square_is_taken() -> None:
    image = Image.new("RGB", (40, 8), (0, 0, 255))
    image.paste(RED, (12, 0, 28, 8))
    image.save("wide.png")
    (found,) = read_images([Path("wide.png")], preprocessing_of(spec_with("{}", "[8, 16, 3]")))
    assert found.shape == (8, 16, 3)
    assert (found == RED).all()


def test_an_image_is_turned_as_its_camera_was() -> None:
    image = Image.new("RGB", (8, 8), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 8, 4))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image.save("turned.png", exif=exif)
    (found,) = read_images([Path("turned.png")], preprocessing_of(spec_with("{}")))
    assert found[:4].max() == 0
    assert found[4:].min() == 255


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK"])
def test_images_of_other_modes_have_the_channels_of_the_input(mode: str) -> None:
    file = "image.tiff" if mode == "CMYK" else "image.png"
    image = Image.new("RGB", (8, 8), (200, 200, 200))
    (image.quantize() if mode == "P" else image.convert(mode)).save(file)
    for channels in (1, 3):
        spec = spec_with("{}", f"[8, 8, {channels}]")
        (found,) = read_images([Path(file)], preprocessing_of(spec))
        assert found.shape == (8, 8, channels)
        assert np.abs(found - 200).max() <= 2


def test_values_are_computed_from_the_args() -> None:
    text = (
        "args: {side: 16, grey: 100}\ninput: [=side, =side, 3]\ntask: [flatten, dense: 3]\n"
        "preprocess: {mean: [=grey, =grey + 1, 102], std: =2 * grey, size: =side + 32}\n"
    )
    Path("net.yaml").write_text(text, encoding="utf-8")
    Path("other.yaml").write_text("extends: net.yaml\npreprocess: {std: 7}\n", encoding="utf-8")
    found = preprocessing_of(archc.load("net.yaml"))
    assert (found.size, found.mean, found.std) == (48, (100, 101, 102), (200,))
    other = preprocessing_of(archc.load("other.yaml").with_(side=8))
    assert (other.size, other.mean, other.std) == (40, (100, 101, 102), (7,))


@pytest.mark.parametrize(
    ("preprocess", "told"),
    [
        ("{mean: red}", "`mean`: expected a number, or one for each of the 3 channels"),
        ("{mean: [1, 2]}", "`mean`: expected a number, or one for each of the 3 channels"),
        ("{mean: true}", "`mean`: expected a number, or one for each of the 3 channels"),
        ("{std: 0}", "`std`: expected numbers above 0"),
        ("{std: [1, -1, 1]}", "`std`: expected numbers above 0"),
        ("{size: 7}", "`size`: expected a whole number of at least 8"),
        ("{size: =sides}", "unknown name `sides`"),
        ("{mode: pytorch}", "expected `none`, `tf`, `torch` or `caffe`"),
        ("{crop: 0.9}", "expected `center` or `none`"),
        ("{interpolation: cubic}", "expected `nearest`, `bilinear`, `bicubic` or `lanczos`"),
        ("{modes: tf}", "unknown key `modes`"),
        ("tf", "expected a mapping"),
    ],
)
def test_what_is_wrong_is_told(preprocess: str, told: str) -> None:
    with pytest.raises(archc.CompileError) as raised:
        preprocessing_of(spec_with(preprocess))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message.startswith(told)
    assert diagnostic.span is not None


def test_a_mode_of_three_channels_does_not_do_for_one() -> None:
    with pytest.raises(archc.CompileError, match="`mean`: expected a number, or one for each"):
        preprocessing_of(spec_with("{mode: torch}", "[8, 8, 1]"))


SIZED = "preprocess: {size: =40 - 0}\ntask: [global_avg_pool, dense: 3]\n"


@pytest.mark.parametrize(
    ("shape", "arguments", "code"),
    [
        ("[32, 32, 3]", [], 0),
        ("[64, 64, 3]", [], 2),
        # What is set from outside is no mistake of the spec, unless it has no value at all.
        ("[32, 32, 3]", ["--set", "input=[64, 64, 3]"], 0),
        ("[32, 32, 3]", ["--set", "preprocess.size==1 / 0"], 2),
        # No images: `archc predict` refuses it, and `archc check` is not asked.
        ("[64, 64, 4]", [], 0),
        ("{left: [64, 64, 3], right: [64, 64, 3]}", [], 0),
    ],
)
def test_check_works_the_values_out(shape: str, arguments: list[str], code: int) -> None:
    start = "stem: [concat: {a: [{from: left, relu: }], b: [{from: right, relu: }]}]\n"
    stem = start if "left" in shape else ""
    Path("net.yaml").write_text(f"input: {shape}\n{stem}{SIZED}", encoding="utf-8")
    assert run(["check", "net.yaml", *arguments]) == code


def test_keys_are_listed() -> None:
    listed = [key for keys, _ in rows_under("## Preprocessing") for key in quoted(keys)]
    assert sorted(listed) == sorted(PreprocessDocument.model_fields.keys() - {"origin"})


def test_likeliest_classes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (9, 30), (10, 250, 40)).save("green.png")
    assert predicted("--labels", "labels.txt", "red.png", "green.png") == 0
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    told = words[words.index(["red.png"]) :]
    # e^(4 (250 − 127) / 128) and so on: 46.7, 0.0660 and 0.0258
    assert told[3:6] == [["99.8%", "0", "red"], ["0.1%", "1", "green"], ["0.1%", "2", "blue"]]
    assert told[7] == ["green.png"]
    assert [line[1:] for line in told[10:]] == [["1", "green"], ["2", "blue"], ["0", "red"]]


def test_what_a_softmax_gives_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    softmax = ["--set", "task[1].dense.activation=softmax"]
    assert predicted("red.png", "--top", "1", *softmax) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["99.8%", "0"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["absent.png"], "image-file"),
        (["."], "image-file"),
        (["text.png"], "image-file"),
        (["cut.png"], "image-file"),
        (["thin.png"], "image-file"),
        (["drawing.eps"], "image-file"),
        (["red.png", "--labels", "short.txt"], "wrong-type"),
        (["red.png", "--labels", "absent.txt"], "file-missing"),
        (["red.png", "--set", "preprocess=null"], "missing-key"),
        (["red.png", "--set", "input=[8, 8, 4]"], "wrong-type"),
        (["red.png", "--set", "task=[relu]"], "wrong-type"),
        (["red.png", "--set", "task[1].dense.units=4"], "weights-mismatch"),
    ],
)
def test_bad_input_is_told_once(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("text.png").write_text("no image", encoding="utf-8")
    photo(30, 30).save("whole.png")
    Path("cut.png").write_bytes(Path("whole.png").read_bytes()[:1000])
    Path("short.txt").write_text("red\n", encoding="utf-8")
    Path("drawing.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    Image.new("L", (1, 30_000)).save("thin.png")
    extra = ["--set", "preprocess.size=4000"] if arguments == ["thin.png"] else []
    assert predicted(*arguments, *extra) == 2
    told = capsys.readouterr().err
    assert told.count(f"error[{code}]") == 1
    assert told.count("error[") == 1


def test_an_image_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(archc.CompileError, match=r"red\.png"):
        read_images([Path("red.png")], Preprocessing(preprocessing_of(spec_with("{}")).input, 8))


def test_pillow_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real: Callable[..., object] = util.find_spec
    monkeypatch.setattr(images, "find_spec", lambda name: None if name == "PIL" else real(name))
    assert predicted("red.png") == 2
    assert "pip install 'archc[predict]'" in capsys.readouterr().err


def test_the_zoo_declares_preprocessing_that_holds() -> None:
    declaring = [
        name for name in archc.zoo() if archc.load(name).assembled.document.preprocess is not None
    ]
    assert "efficientnet_lite" in declaring
    for name in declaring:
        spec = archc.load(name)
        for variant in spec.variants or (None,):
            preprocessing_of(spec.at(variant) if variant else spec)


def test_the_page_names_the_extra() -> None:
    assert "pip install 'archc[predict]'" in (ROOT / "docs" / "predict.md").read_text("utf-8")
