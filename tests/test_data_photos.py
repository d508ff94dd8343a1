"""Photos as people keep them: whatever one file is or is called, the others load, and none goes without a word."""

import io
import os
import random
import struct
import tarfile
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from utils import data
from utils.data import archives, cleaning, flowers

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of what is odd

COLOURS = [(250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 20), (20, 250, 250), (250, 20, 250)]


def picture(colour=(200, 30, 30), kind="JPEG", size=(40, 30), **options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind, **options)
    return buffer.getvalue()


PLAIN = {f"{name}/{i}.jpg": picture((40 * k, 60 * i, 90)) for k, name in enumerate(flowers.CLASSES) for i in range(3)}


def tree_of(files: dict, folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def tar_of(files: dict, path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                member.type, member.linkname = content
                tar.addfile(member)
    return path


@pytest.fixture(params=["folder", "archive"])
def load(request, settings, tmp_path):
    """Loads a dictionary of files {name: content} as flowers, from a folder or from an archive."""

    def run(files: dict, plain=True):
        stick = tmp_path / "stick"
        stick.mkdir()
        files = {f"flower_photos/{name}": content for name, content in {**(PLAIN if plain else {}), **files}.items()}
        if request.param == "folder":
            tree_of(files, stick)
        else:
            tar_of(files, stick / "flower_photos.tgz")
        return data.load_flowers(quiet=True, settings=replace(settings, course_data=str(stick), offline=True))

    return run


# ── One odd file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def entry(tag, kind, count, value):
    return struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")[:4]


def exif(*entries) -> bytes:
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + b"\0" * 4


UPRIGHT = entry(0x0112, 3, 1, struct.pack("<H", 6))
MALFORMED = {
    "text where a ratio belongs": exif(UPRIGHT, entry(0x011A, 2, 3, b"no\0")),
    "text where a list of shorts belongs": exif(UPRIGHT, entry(0x0102, 2, 4, b"abc\0")),
    "a pointer to far behind the end": exif(UPRIGHT, entry(0x8769, 4, 1, struct.pack("<I", 0xFFFFFFF0))),
    "a pointer to itself": exif(UPRIGHT, entry(0x8769, 4, 1, struct.pack("<I", 8))),
    "four thousand million values": exif(UPRIGHT, entry(0x010F, 2, 0xFFFFFFFF, struct.pack("<I", 60))),
    "a type that does not exist": exif(UPRIGHT, entry(0x0110, 99, 1, b"abcd")),
    "a rational with denominator 0": exif(UPRIGHT, entry(0x829A, 5, 1, struct.pack("<I", 8))),
    "more entries than there are": b"Exif\0\0II*\0" + struct.pack("<IH", 8, 999) + UPRIGHT,
    "not even a byte order": b"Exif\0\0??",
    "an orientation in words": exif(entry(0x0112, 2, 4, b"up\0\0")),
    "an orientation that does not exist": exif(entry(0x0112, 3, 1, struct.pack("<H", 77))),
    "two orientations": exif(entry(0x0112, 3, 2, struct.pack("<HH", 6, 3))),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_exif(load, case):
    photos = load({"roses/phone.jpg": picture(exif=MALFORMED[case])})
    said = [note for note in photos.notes if "phone" in note]
    assert len(photos) + sum("left out" in note for note in said) == 16
    for path in photos.paths:
        with Image.open(path) as image:
            assert image.mode == "RGB" and image.format == "JPEG"
            if path.name == "phone.jpg" and "turned" in said[:1]:
                assert image.size == (30, 40)


@pytest.mark.parametrize("number", range(1, 9))
def test_a_photo_is_turned_as_its_camera_says(number):
    """The same as Pillow's own `exif_transpose`, for each of the eight orientations."""
    from PIL import ImageOps

    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:8, :12] = 255
    image = Image.fromarray(pixels)
    header = Image.Exif()
    header[0x0112] = number
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=header, quality=95)
    photo, note = cleaning.clean(buffer.getvalue(), "x.jpg")
    expected = np.asarray(ImageOps.exif_transpose(Image.open(buffer)), int)
    found = np.asarray(Image.open(io.BytesIO(photo)), int)
    assert found.shape == expected.shape and abs(found - expected).mean() < 3
    assert note == ("" if number == 1 else "converted (turned)")


def test_sixteen_bits_of_grey_keep_their_shades():
    shades = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    buffer = io.BytesIO()
    Image.fromarray(shades).save(buffer, "PNG")
    photo, _ = cleaning.clean(buffer.getvalue(), "x.png")
    found = np.asarray(Image.open(io.BytesIO(photo)), int)[16, :, 0]
    assert abs(found - np.linspace(0, 255, 64)).max() < 6


JPEG = picture(size=(64, 48), exif=exif(UPRIGHT), icc_profile=b"x" * 200, comment=b"a comment", progressive=True)
PNG = picture(kind="PNG", size=(64, 48))
WEBP, GIF, TIFF, BMP = (picture(kind=kind, size=(64, 48)) for kind in ("WEBP", "GIF", "TIFF", "BMP"))


def assert_kept_or_said(content: bytes, name: str) -> bool:
    """A file is either a photo that others can read, or left out with a note. True when it was kept."""
    photo, note = cleaning.clean(content, name)
    if photo is None:
        assert note in (cleaning.DAMAGED, cleaning.FOREIGN) or "left out" in note
        return False
    with Image.open(io.BytesIO(photo)) as image:
        image.load()
        assert image.mode == "RGB" and image.format == "JPEG"
    return True


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([JPEG, PNG, WEBP, GIF, TIFF, BMP]),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=12),
    st.one_of(st.none(), st.integers(0, 700)),
    st.binary(max_size=40),
)
def test_mutated_headers(content, changes, cut, behind):
    """Bytes of the header changed, the file cut, something hung behind: no decoder's error comes through."""
    mutated = bytearray(content)
    for place, value in changes:
        mutated[place % len(mutated)] = value
    assert_kept_or_said(bytes(mutated[:cut]) + behind, "x.jpg")


def test_mutated_exif():
    """Thousands of malformed EXIF blocks, always the same ones: each photo is kept or left out."""
    rng = random.Random(0)
    block = exif(
        UPRIGHT, entry(0x0213, 3, 1, b"\1\0"), entry(0x8769, 4, 1, struct.pack("<I", 8)), entry(0x011A, 5, 1, b"\x1a\0\0\0")
    )
    whole = picture(exif=block)
    at = whole.index(block)
    kept = 0
    for _ in range(1500):
        mutated = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            mutated[at + rng.randrange(len(block))] = rng.randrange(256)
        kept += assert_kept_or_said(bytes(mutated), "x.jpg")
    assert kept > 1000  # malformed EXIF is no reason to lose a photo whose picture is whole


@pytest.mark.parametrize("error", [MemoryError, struct.error, KeyError, RecursionError, ZeroDivisionError, SystemError])
def test_whatever_a_decoder_raises(load, monkeypatch, error):
    """One file of 16 brings up an error that nobody foresaw: 15 load, and a note names the file."""
    marked = picture((1, 2, 3), size=(41, 31))
    original = Image.Image.getexif

    def getexif(image):
        if image.size == (41, 31):
            raise error("unforeseen")
        return original(image)

    def load_pixels(image, original=Image.Image.convert):
        raise error("unforeseen")

    monkeypatch.setattr(Image.Image, "getexif", getexif)
    assert len(load({"daisy/odd.jpg": marked})) == 16  # the picture itself is whole
    monkeypatch.undo()
    monkeypatch.setattr(cleaning, "_oddities", lambda image: load_pixels(image) if image.size == (41, 31) else ("", []))
    photo, note = cleaning.clean(marked, "odd.jpg")
    assert photo is None and note == cleaning.DAMAGED


def test_a_decompression_bomb_is_one_photo_less(load, monkeypatch):
    monkeypatch.setattr(cleaning, "MAX_PIXELS", 5000)
    photos = load({"daisy/huge.png": picture(kind="PNG", size=(100, 100))})
    assert len(photos) == 15 and photos.notes == ("daisy/huge.png: over 5,000 pixels, left out",)


def test_a_file_too_long_for_a_photo(load, monkeypatch):
    monkeypatch.setattr(cleaning, "MAX_BYTES", 2000)
    photos = load({"daisy/huge.bmp": picture(kind="BMP")})
    assert len(photos) == 15 and photos.notes == ("daisy/huge.bmp: over 2,000 bytes, left out",)


def test_a_photo_that_a_telephone_writes(load):
    photos = load({"daisy/phone.heic": b"\0\0\0\x18ftypheic" + bytes(40), "daisy/plain.jfif": picture()})
    assert len(photos) == 16 and any("phone.heic" in n and "cannot be read here" in n for n in photos.notes)


def test_files_that_cannot_be_read(settings, tmp_path, monkeypatch):
    """A file and a folder that the disk refuses: the others load, the reason is the reader's, and no disk is full."""
    import errno

    stick = tree_of({f"flower_photos/{name}": content for name, content in PLAIN.items()}, tmp_path / "stick")
    tree_of({"flower_photos/roses/refused.jpg": picture(), "flower_photos/tulips/closed/x.jpg": picture()}, stick)
    read, walk = Path.read_bytes, os.scandir

    def refuse(path):
        if path.name == "refused.jpg":
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    def refuse_folder(path="."):
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return walk(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(os, "scandir", refuse_folder)
    photos = data.load_flowers(quiet=True, settings=replace(settings, course_data=str(stick), offline=True))
    assert len(photos) == 15 and len(photos.notes) == 2
    assert "roses/refused.jpg: cannot be read (Input/output error), left out" in photos.notes
    assert any(note.startswith("tulips/*: ") and "left out" in note for note in photos.notes)


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need rights on Windows")
def test_links_in_a_folder(settings, tmp_path):
    """A class that lies elsewhere loads, a link back to the top ends, a link to nowhere is said."""
    stick = tree_of({f"stick/flower_photos/{n}": c for n, c in PLAIN.items() if "roses" not in n}, tmp_path) / "stick"
    tree_of({n.removeprefix("roses/"): c for n, c in PLAIN.items() if "roses" in n}, tmp_path / "elsewhere")
    (stick / "flower_photos/roses").symlink_to(tmp_path / "elsewhere")
    (stick / "flower_photos/again").symlink_to(stick)
    (stick / "flower_photos/daisy/gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    photos = data.load_flowers(quiet=True, settings=replace(settings, course_data=str(stick), offline=True))
    assert len(photos) == 15 and photos.notes == ("daisy/gone.jpg: a link that leads nowhere or a device, left out",)


def test_links_and_odd_names_in_an_archive(settings, tmp_path):
    """They are never written under their names, so none of them has to end the load."""
    (tmp_path / "stick").mkdir()
    odd = {"daisy/link.jpg": (tarfile.SYMTYPE, "0.jpg"), "daisy/12:30.jpg": picture(), "daisy/con.jpg": picture((9, 9, 9))}
    files = {f"flower_photos/{name}": content for name, content in {**PLAIN, **odd}.items()}
    tar_of(files, tmp_path / "stick/flower_photos.tgz")
    photos = data.load_flowers(quiet=True, settings=replace(settings, course_data=str(tmp_path / "stick"), offline=True))
    assert len(photos) == 17 and photos.notes == ("daisy/link.jpg: a link or a device, left out",)
    assert {"12_30.jpg", "_con.jpg"} <= {path.name for path in photos.paths}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_an_archive_with_a_hole_is_not_a_smaller_archive(tmp_path, mode):
    """tarfile takes a damaged header for the end; what lies behind must not go without a word."""
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for i in range(6):
            member = tarfile.TarInfo(f"{i}.bin")
            member.size = 600
            tar.addfile(member, io.BytesIO(os.urandom(600)))
    whole = path.read_bytes()
    holed = bytearray(whole)
    holed[3 * 1536 : 3 * 1536 + 512] = b"?" * 512  # the fourth header
    for content in (bytes(holed), whole[: 3 * 1536], whole[: 3 * 1536 + 100]):
        bad = tmp_path / "bad.tar"
        if mode == "w":
            bad.write_bytes(content)
        else:
            import bz2
            import gzip
            import lzma

            bad.write_bytes({"w:gz": gzip, "w:xz": lzma, "w:bz2": bz2}[mode].compress(content))
        with pytest.raises(ValueError, match="damaged"):
            list(archives.walk_tar(bad))
    assert len(list(archives.walk_tar(path))) == 6


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def colours(photos) -> set:
    """The mean colour of each photo, roughly: which pictures these are, whatever they are called."""
    return {tuple(np.asarray(Image.open(path)).mean((0, 1)).round(-1).astype(int)) for path in photos.paths}


SAME_NAMES = {
    "train, test and validation": [f"{part}/roses/a.jpg" for part in ("train", "test", "valid")],
    "four kinds of file": ["roses/a.jpg", "roses/a.png", "roses/a.webp", "roses/a.jpeg"],
    "capitals": ["x/roses/a.jpg", "y/roses/A.jpg", "z/ROSES/a.JPG"],
    "composed and decomposed accents": [f"{f}/roses/{unicodedata.normalize(f, 'Blüte.jpg')}" for f in ("NFC", "NFD")],
    "the sharp s": ["x/roses/Strauß.jpg", "y/roses/STRAUSS.jpg", "z/roses/strauss.jpg"],
    "a number that is taken": ["x/roses/a.jpg", "y/roses/a.jpg", "z/roses/a-2.jpg", "z/roses/A-2.jpeg"],
    "folders below the class": ["roses/2019/a.jpg", "roses/2020/a.jpg", "roses/a.jpg"],
    "signs that some systems forbid": ["roses/a_b.jpg", "x/roses/a_b.png", "y/roses/a_b.gif"],
    "no stem worth the name": ["x/roses/.jpg", "y/roses/_.jpg", "z/roses/_..jpg"],
    "very long": [f"{part}/roses/{'ä' * 110}{end}.jpg" for part, end in (("x", "1"), ("y", "2"), ("z", "1"))],
}  # fmt: skip


@pytest.mark.parametrize("case", SAME_NAMES)
def test_photos_of_one_name_are_all_there(load, case):
    names = SAME_NAMES[case]
    kinds = {".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}
    files = {n: picture(c, kinds.get(Path(n).suffix.lower(), "JPEG")) for n, c in zip(names, COLOURS, strict=False)}
    photos = load(files)
    roses = [path for path, label in zip(photos.paths, photos.labels, strict=True) if photos.classes[label] == "roses"]
    assert len(photos) == 15 + len(names) and len(roses) == 3 + len(names)
    assert len(colours(photos)) >= 15 + len(names) - 1
    folded = {unicodedata.normalize("NFC", str(path)).casefold() for path in photos.paths}
    assert len(folded) == len(photos)  # no two of them meet on a disk where case does not count
    assert all(path.suffix == ".jpg" and len(path.name.encode()) < 230 for path in photos.paths)
    assert photos.arrays(16)[0].shape == (len(photos), 16, 16, 3)


def test_the_first_keeps_its_name_and_the_second_is_said(load):
    photos = load({"x/roses/a.jpg": picture(COLOURS[0]), "y/roses/a.jpg": picture(COLOURS[1])})
    assert {"a.jpg", "a-2.jpg"} <= {path.name for path in photos.paths}
    assert photos.notes == ("roses/a.jpg: renamed (another photo has that name)",)


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=12), max_size=12))
def test_any_names_at_all(names):
    """Whatever the names are, each photo gets one of its own that any file system takes."""
    chooser = cleaning._Names()
    chosen = [chooser.choose("roses", f"{name}.jpg")[0] for name in names]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in chosen}) == len(names)
    for name in chosen:
        assert not set('<>:"/\\|?*\0\n') & set(name) and not name.startswith((".", " ")) and len(name.encode()) < 230


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="those file systems only take Unicode")
def test_a_name_that_is_no_text(settings, tmp_path, capsys):
    """Bytes in a file name that are not UTF-8, as an old camera or a zip of another alphabet leaves them."""
    stick = tree_of({f"flower_photos/{name}": content for name, content in PLAIN.items()}, tmp_path / "stick")
    for end in (b"jpg", b"txt"):
        Path(os.fsdecode(os.fsencode(stick / "flower_photos/roses") + b"/\xff\xfe." + end)).write_bytes(picture())
    (stick / "flower_photos/roses/two\nlines: and a colon.txt").write_bytes(b"-")
    photos = data.load_flowers(settings=replace(settings, course_data=str(stick), offline=True))
    assert len(photos) == 17 and len(photos.notes) == 2
    assert len(capsys.readouterr().out.splitlines()) == 2


# ── What is no photo ─────────────────────────────────────────────────────────────────────────────────────────────────


SYSTEM = {
    "roses/Thumbs.db": b"\xd0\xcf\x11\xe0",
    "roses/desktop.ini": b"[.ShellClassInfo]",
    "roses/.DS_Store": b"\0\0\0\1Bud1",
    "roses/._0.jpg": b"\0\5\x16\7" + bytes(60),
    "roses/._empty.jpg": b"",
    "roses/.directory": b"[Dolphin]",
    "tulips/Icon\r": b"",
    "__MACOSX/roses/._0.jpg": b"\0\5\x16\7",
    "@eaDir/roses/0.jpg": picture(),
    "roses/@eaDir/0.jpg": picture(),
    "roses/.ipynb_checkpoints/0-checkpoint.jpg": picture(),
    "$RECYCLE.BIN/roses/1.jpg": picture(),
    ".git/roses": b"ref",
}


def test_system_files_are_no_damaged_photos(load):
    photos = load(SYSTEM)
    assert len(photos) == 15 and photos.notes == ()


def test_a_hidden_photo_is_a_photo(load):
    photos = load({"roses/.hidden.jpg": picture(), "roses/._real.jpg": picture()})
    assert len(photos) == 17


def test_what_is_loaded_and_what_is_noted_is_what_was_found(load):
    """Found = loaded + left out, whatever lies there; and each left-out file is named."""
    odd = {
        "roses/empty.jpg": b"",
        "roses/page.png": b"<html>",
        "roses/notes.txt": b"hello",
        "roses/table.csv": b"a;b",
        "roses/clip.mp4": b"\0\0\0\x18ftypmp42",
        "readme.md": b"#",
        "lilies/x.jpg": picture(),
        "train/roses/0.jpg": picture(COLOURS[0]),
        "roses/grey.tif": picture(kind="TIFF"),
        "Roses/no_suffix": picture(COLOURS[1]),
    }
    photos = load({**odd, **SYSTEM})
    left_out = [note for note in photos.notes if note.endswith(("left out", "ignored"))]
    assert len(photos) == 15 + 3 and len(left_out) == 7
    for name in ("empty.jpg", "page.png", "notes.txt", "table.csv", "clip.mp4", "readme.md", "lilies/x.jpg"):
        assert sum(name in note for note in left_out) == 1
    assert not any("Thumbs" in note or "DS_Store" in note for note in photos.notes)


def test_a_lost_photo_does_not_pass(settings, tmp_path, monkeypatch):
    """Should two photos ever get one name again, the load says so instead of going on with fewer."""
    stick = tree_of({f"flower_photos/{name}": content for name, content in PLAIN.items()}, tmp_path / "stick")
    monkeypatch.setattr(cleaning._Names, "choose", lambda self, label, name: ("same.jpg", ""))
    with pytest.raises(AssertionError, match="one is lost"):
        data.load_flowers(quiet=True, settings=replace(settings, course_data=str(stick), offline=True))
