"""Weight files of Keras, as users have them, through the command line: whole ones and mutilated."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from archc.cli.boundary import run
from tests.reference import randomise, relative_difference
from tests.weight_files import images, keras_model, write_spec

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

FILES = ("small.weights.h5", "small.h5", "small.keras")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the network in each format of Keras, trained, so that there is an optimizer."""
    folder = tmp_path_factory.mktemp("saved")
    model = keras_model()
    model.compile("adam", "mse")
    model.fit(images(), np.ones((3, 3)), verbose=0)
    model.save_weights(folder / FILES[0])
    model.save(folder / FILES[1])
    model.save(folder / FILES[2])
    np.save(folder / "expected.npy", model(images(), training=False))
    return folder


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_spec(tmp_path)


def convert(path: Path | str, *options: str) -> int:
    return run(["weights", "convert", "small.yaml", str(path), "-o", "out.safetensors", *options])


def refused(path: Path | str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What is told of a file that must not load: one error, and nothing is written."""
    capsys.readouterr()
    assert convert(path, *options) == 2
    told = capsys.readouterr().err
    assert told.count("error[") == 1, told
    assert not Path("out.safetensors").exists()
    return told


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_keras_gives_the_outputs_of_its_model(
    name: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["build", "small.yaml", "--weights", str(saved / name), "-o", "out.keras"]) == 0
    told = capsys.readouterr().out
    assert "names of `keras`" in told
    assert "matched     21 arrays" in told
    built = keras.models.load_model("out.keras")
    expected = np.load(saved / "expected.npy")
    assert relative_difference(built(images(), training=False), expected) < 1e-6
    assert np.abs(expected[0] - expected[1]).max() > 1e-2


def test_what_archc_wrote_is_read_without_rules(saved: Path) -> None:
    assert convert(saved / FILES[0]) == 0
    assert run(["build", "small.yaml", "--weights", "out.safetensors", "-o", "a.keras"]) == 0
    assert run(["build", "small.yaml", "--weights", "a.keras", "-o", "b.keras"]) == 0
    again = keras.models.load_model("b.keras")
    expected = np.load(saved / "expected.npy")
    assert relative_difference(again(images(), training=False), expected) < 1e-6


def test_conversions_agree_whatever_the_format(saved: Path) -> None:
    found = []
    for name in FILES:
        assert convert(saved / name, "--force") == 0
        found.append(load_file("out.safetensors"))
    assert found[0].keys() == found[1].keys() == found[2].keys()
    for name, values in found[0].items():
        np.testing.assert_array_equal(values, found[1][name])
        np.testing.assert_array_equal(values, found[2][name])


def test_a_model_inside_of_a_model() -> None:
    inner = keras_model()
    outer = keras.Sequential([keras.Input((8, 6, 2)), inner])
    outer.save_weights("outer.weights.h5")
    outer.save("outer.h5")
    for name in ("outer.weights.h5", "outer.h5"):
        assert convert(name, "--force") == 0
        kernel = load_file("out.safetensors")["first/kernel"]
        np.testing.assert_array_equal(kernel, inner.get_layer("first_layer").kernel)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_values_of_other_widths(dtype: str) -> None:
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        model = keras_model()
    finally:
        keras.config.set_floatx(before)
    model.save_weights("other.weights.h5")
    assert convert("other.weights.h5") == 0
    kernel = np.asarray(model.get_layer("head").kernel).astype("float64")
    np.testing.assert_array_equal(load_file("out.safetensors")["head/kernel"], kernel)


def test_arrays_that_are_compressed() -> None:
    keras_model().save_weights("plain.weights.h5")
    with h5py.File("plain.weights.h5", "r+") as file:
        kernel = np.array(file["layers/dense/vars/0"])
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", data=kernel, chunks=(16, 3), compression="gzip")
    assert convert("plain.weights.h5") == 0
    np.testing.assert_array_equal(load_file("out.safetensors")["head/kernel"], kernel)


def nameless(path: Path, copy: Path) -> None:
    """A `.keras` file whose weights have no names of layers, as early versions wrote them."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            Path("member").write_bytes(old.read(name))
            if name.endswith(".h5"):
                with h5py.File("member", "r+") as file:
                    file.visititems(lambda _, held: held.attrs.pop("name", None) and None)
            new.write("member", name)


def test_names_from_the_configuration(saved: Path) -> None:
    nameless(saved / FILES[2], Path("early.keras"))
    assert convert("early.keras", "--allow-missing", "look", "--allow-missing", "look/*") == 0
    found = load_file("out.safetensors")
    assert convert(saved / FILES[2], "--force") == 0
    whole = load_file("out.safetensors")
    assert {name for name in whole if not name.startswith("look/")} <= found.keys()
    np.testing.assert_array_equal(found["depth/kernel"], whole["depth/kernel"])


def test_numbers_that_went_on_from_another_model() -> None:
    Path("small.yaml").write_text(
        "input: [8, 8, 2]\nstem:\n"
        "- {id: a, conv: {filters: 3, kernel: 1}}\n- {id: b, conv: {filters: 4, kernel: 1}}\n"
        "weights: {keras: {^.*$: 'conv2d#'}}\n"
    )
    assert keras.layers.Conv2D(1, 1).name != keras.layers.Conv2D(1, 1).name
    image = keras.Input((8, 8, 2))
    first, second = keras.layers.Conv2D(3, 1), keras.layers.Conv2D(4, 1)
    model = keras.Model(image, second(first(image)))
    assert first.name != "conv2d"
    model.save_weights("later.weights.h5")
    assert convert("later.weights.h5") == 0
    np.testing.assert_array_equal(load_file("out.safetensors")["b/kernel"], second.kernel)


def test_another_number_of_classes_is_explained(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(saved / FILES[0], capsys, "--set", "classes=7")
    assert "2 of another shape" in told
    assert "`head` gives 7 values and that of the file 3" in told
    assert "`--allow-missing head`" in told
    assert "`--set classes=3`" in told
    options = ["--set", "classes=7", "--allow-missing", "head", "--seed", "1", "-o", "out.keras"]
    assert run(["build", "small.yaml", "--weights", str(saved / FILES[0]), *options]) == 0
    assert run(["build", "small.yaml", "--set", "classes=7", "--seed", "1", "-o", "own.keras"]) == 0
    built, own = (keras.models.load_model(name) for name in ("out.keras", "own.keras"))
    np.testing.assert_array_equal(built.get_layer("head").kernel, own.get_layer("head").kernel)
    with h5py.File(saved / FILES[0]) as file:
        stored = np.array(file["layers/conv2d/vars/0"])
    np.testing.assert_array_equal(built.get_layer("first").kernel, stored)


def test_a_backbone_leaves_the_head() -> None:
    Path("small.yaml").write_text(
        "input: [8, 8, 2]\nlearner:\n  block: one\n  groups: [{blocks: 1}, {blocks: 1}]\n"
        "define: {one: {steps: [{id: conv, conv: {filters: 2, kernel: 3}}]}}\n"
        "task: [flatten, {id: head, dense: 3}]\n"
    )
    assert run(["build", "small.yaml", "-o", "whole.keras"]) == 0
    options = ["--features", "--weights", "whole.keras", "-o", "out.keras"]
    assert run(["build", "small.yaml", *options]) == 0
    whole, backbone = (keras.models.load_model(name) for name in ("whole.keras", "out.keras"))
    assert [layer.name for layer in backbone.layers if layer.weights] == [
        layer.name for layer in whole.layers if layer.weights and layer.name != "head"
    ]
    for layer in backbone.layers:
        for own, other in zip(layer.weights, whole.get_layer(layer.name).weights, strict=True):
            np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0.02, 0.95])
def test_a_file_cut_short(
    name: str, part: float, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = (saved / name).read_bytes()
    Path(name).write_bytes(data[: int(part * len(data))])
    assert "error[weights-file]" in refused(name, capsys)


@pytest.mark.parametrize("fault", ["import os; os.abort()", "import time; time.sleep(60)"])
def test_a_file_on_which_the_library_of_hdf5_crashes_or_hangs(
    fault: str, saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("library").mkdir()
    Path("library/h5py.py").write_text(fault)
    monkeypatch.setenv("PYTHONPATH", str(Path("library").resolve()))
    monkeypatch.setattr("archc.weights.read_hdf5._SECONDS", 2)
    assert "error[weights-file]" in refused(saved / FILES[0], capsys)


def change(how: Callable[[Any], object], saved: Path) -> Path:
    """The weights with the file changed by `how`."""
    path = Path("changed.weights.h5")
    path.write_bytes((saved / FILES[0]).read_bytes())
    with h5py.File(path, "r+") as file:
        how(file)
    return path


def replaced(values: object, place: str = "layers/dense/vars/0", **options: Any) -> Any:
    def how(file: Any) -> None:
        del file[place]
        file.create_dataset(place, data=values, **options)

    return how


def linked(link: object) -> Any:
    def how(file: Any) -> None:
        del file["layers/dense"]
        file["layers/dense"] = link

    return how


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((288, 3), "float32")
    layout[:] = h5py.VirtualSource("other.h5", "values", (288, 3))
    del file["layers/dense/vars/0"]
    file["layers/dense/vars"].create_virtual_dataset("0", layout)


def circular(file: Any) -> None:
    for number in range(8):
        file[f"layers/dense/again_{number}"] = file["layers"]


HEAD = np.ones((288, 3), "float32")
NOT_FINITE = np.where(np.arange(864) == 100, np.nan, 1).astype("float32").reshape(288, 3)

MUTILATED = {
    "another shape": (replaced(HEAD[:, :2]), "1 of another shape"),
    "a missing array": (lambda file: file.pop("layers/dense/vars/0"), "1 missing"),
    "a missing layer": (lambda file: file.pop("layers/conv2d"), "2 missing"),
    "an array too many": (
        lambda file: file.create_dataset("layers/more/vars/0", data=HEAD),
        "1 not expected",
    ),
    "NaN": (replaced(NOT_FINITE), "expected finite 32-bit floats"),
    "infinity": (replaced(np.full((288, 3), np.inf)), "finite"),
    "too large for a float": (replaced(np.full((288, 3), 1e300)), "finite 32-bit floats"),
    "texts": (replaced(np.full((288, 3), b"abc")), "1 of another shape"),
    "a link to another file": (linked(h5py.ExternalLink("secret.h5", "/")), "a link to another"),
    "a link inside": (linked(h5py.SoftLink("/layers/conv2d")), "a link to another place"),
    "values of another file": (virtual, "in another file"),
    "values outside": (
        replaced(None, shape=(288, 3), dtype="f4", external=[("/etc/passwd", 0, 3456)]),
        "in another file",
    ),
    "a chunk that is a bomb": (
        replaced(None, shape=(288, 3), dtype="f4", maxshape=(None, None), chunks=(20_000, 20_000)),
        "larger than itself",
    ),
    "an array that is a bomb": (
        replaced(None, shape=(10**5, 10**5), dtype="f4", chunks=(100, 100), compression="gzip"),
        "more values than",
    ),
    "groups without end": (circular, "too deep"),
}


@pytest.mark.parametrize("name", MUTILATED)
def test_a_mutilated_file(name: str, saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how, told = MUTILATED[name]
    assert told in refused(change(how, saved), capsys)


def test_an_archive_that_is_a_bomb(capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile("bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w") as member:
            for _ in range(70):
                member.write(bytes(2**20))
    assert Path("bomb.keras").stat().st_size < 2**20
    assert "bytes in the archive" in refused("bomb.keras", capsys)


def test_an_archive_that_lies_about_its_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile("lie.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(2**20))
    data = bytearray(Path("lie.keras").read_bytes())
    size = struct.pack("<I", 2**20)
    while size in data:
        at = data.index(size)
        data[at : at + 4] = struct.pack("<I", 1000)
    Path("lie.keras").write_bytes(data)
    assert "damaged" in refused("lie.keras", capsys)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"name: not weights\n",
        b"\x89HDF\r\n\x1a\n" + b"\xff" * 500,
        b"PK\x03\x04" + b"\x00" * 60,
        struct.pack("<Q", 10**12) + b'{"a":1}',
        struct.pack("<Q", 7) + b'{"a":1}',
    ],
)
def test_what_is_no_weight_file(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other").write_bytes(data)
    assert "error[weights-file]" in refused("other", capsys)


def test_what_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "found nothing" in refused("nothing.h5", capsys)
    assert "found a directory" in refused(".", capsys)


def test_a_safetensors_header_that_claims_more_than_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}})
    Path("a.safetensors").write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(16))
    assert "damaged" in refused("a.safetensors", capsys)


def test_names_that_are_those_of_another_network(capsys: pytest.CaptureFixture[str]) -> None:
    save_file({"other/kernel": HEAD}, "other.safetensors")
    told = refused("other.safetensors", capsys)
    assert "21 missing, 1 not expected" in told
    assert "looked for `first/kernel`; the file has `other/kernel`" in told
    assert "`--weights-from`" in told


def test_a_source_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    save_file({"stem.0.weight": HEAD}, "torch.safetensors")
    assert "expected `--weights-from`" in refused("torch.safetensors", capsys)
    told = refused("torch.safetensors", capsys, "--weights-from", "timm")
    assert "error[weights-unknown]" in told


def test_an_existing_file_is_kept(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.safetensors").write_text("mine")
    assert convert(saved / FILES[0]) == 2
    assert "`--force` overwrites it" in capsys.readouterr().err
    assert Path("out.safetensors").read_text() == "mine"


@pytest.mark.slow
def test_resnet50_of_keras_applications() -> None:
    reference = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3))
    randomise(reference, seed=7)
    reference.save_weights("resnet50.weights.h5")
    options = ["--set", "input=[64,64,3]", "--weights", "resnet50.weights.h5", "-o", "out.keras"]
    assert run(["build", "resnet50", *options]) == 0
    built = keras.models.load_model("out.keras")
    image = np.random.default_rng(1).normal(size=(2, 64, 64, 3)).astype("float32")
    expected = np.asarray(reference(image, training=False))
    assert relative_difference(built(image, training=False), expected) < 1e-6
    assert relative_difference(expected[:1], expected[1:]) > 1e-2
