"""Level 1: submissions are taken in as they come, and nothing in an archive or a folder can do harm."""

import contextlib
import io
import json
import os
import stat
import zipfile

import pytest

from tests.grading import LESSONS, answered, lab, solved
from tools.grading import intake, labs

LAB = lab(LESSONS[0])
OTHER = lab(LESSONS[1])
LABS = [LAB, OTHER]
STEMS = [each.stem for each in LABS]
SOLVED = json.dumps(solved(LESSONS[0])).encode()


def zipped(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for name, target in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Ada Lovelace/01_convolution_by_hand.ipynb", "Ada Lovelace"),
        ("ada.ipynb", "ada"),
        ("ada_01_convolution_by_hand.ipynb", "ada"),
        ("01_convolution_by_hand - Ada.ipynb", "Ada"),
        ("Copy of ada.ipynb", "ada"),
        ("Copy of Copy of ada (2).ipynb", "ada"),
        ("ada-Copy1.ipynb", "ada"),
        ("submissions/lab01/ada/Copy of 01_convolution_by_hand.ipynb", "ada"),
        ("Ada Lovelace_1234567_assignsubmission_file_/x.ipynb", "Ada Lovelace"),
        ("Ada Lovelace_1234567_assignsubmission_file_/deep/er/x.ipynb", "Ada Lovelace"),
        ("lovelaceada_123456_7890123_01_convolution_by_hand-1.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_123456_7890123_x.ipynb", "lovelaceada"),
        ("Lab 1_al42_attempt_2026-01-31-10-00-00_x.ipynb", "al42"),
        ("Zoë Müller/x.ipynb", "Zoë Müller"),
        ("a\\b.ipynb", "a"),
    ],
)
def test_a_student_is_known_by_the_platforms_naming_the_folder_or_the_file(name, student):
    assert intake.student_of(name, STEMS) == student


@pytest.mark.parametrize("name", ["..", "../..//x.ipynb", "\x00/y.ipynb", "a/\u202e.ipynb", ".ipynb", "=1+1.ipynb"])
def test_a_students_name_is_always_printable_and_no_path(name):
    student = intake.student_of(name, STEMS)
    assert student and "/" not in student and student.isprintable() and student not in (".", "..")


def test_folders_archives_and_archives_in_archives(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "x.ipynb").write_bytes(SOLVED)
    inner = zipped({"ben/work/x.ipynb": SOLVED + b" "})
    (tmp_path / "export.zip").write_bytes(zipped({"cleo/x.ipynb": SOLVED + b"  ", "more.zip": inner}))
    found = intake.collect(tmp_path, LABS)
    assert [each.student for each in found.submissions] == ["ada", "ben", "cleo"]
    assert found.left_out == []
    alone = intake.collect(tmp_path / "export.zip", LABS)
    assert [each.student for each in alone.submissions] == ["ben", "cleo"]


def test_the_lab_is_found_by_content_whatever_the_name(tmp_path):
    for number, lesson in enumerate(LESSONS[:2]):
        (tmp_path / f"homework{number}.ipynb").write_text(json.dumps(solved(lesson)))
    stripped = solved(LESSONS[1])
    for cell in stripped["cells"]:
        cell["metadata"] = {}
        cell.pop("id")
    (tmp_path / "stripped.ipynb").write_text(json.dumps(stripped))
    (tmp_path / "other.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": "print(1)", "metadata": {}}]}))
    found = intake.collect(tmp_path, LABS)
    assert {each.student: each.lab.name for each in found.submissions} == {
        "homework0": "lab01",
        "homework1": "lab02",
        "stripped": "lab02",
    }
    assert found.left_out == [("other.ipynb", "It is none of the course's labs.")]
    only = intake.collect(tmp_path, LABS, only="lab01")
    assert [each.student for each in only.submissions] == ["homework0"]


def test_of_several_the_newest_counts_and_the_others_are_listed(tmp_path):
    for name, age in (("Copy of x.ipynb", 100), ("x.ipynb", 300), ("x (1).ipynb", 200)):
        path = tmp_path / "ada" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(answered(LESSONS[0], {"agree": f"# {age}"})))
        os.utime(path, (1e9 - age, 1e9 - age))
    found = intake.collect(tmp_path, LABS)
    assert [each.source for each in found.submissions] == ["ada/Copy of x.ipynb"]
    assert len(found.left_out) == 2 and all("newer" in why for _, why in found.left_out)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (SOLVED[: len(SOLVED) // 2], "damaged"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[]", "no notebook"),
        (b'{"cells": {}}', "no notebook"),
        (b"[" * 100_000, "damaged"),
        (b"<html>Sign in</html>", "damaged"),
    ],
)
def test_what_is_damaged_is_listed_with_its_reason_and_stops_nothing(tmp_path, data, reason):
    (tmp_path / "bad.ipynb").write_bytes(data)
    (tmp_path / "good.ipynb").write_bytes(SOLVED)
    found = intake.collect(tmp_path, LABS)
    assert [each.student for each in found.submissions] == ["good"]
    assert found.left_out[0][0] == "bad.ipynb" and reason in found.left_out[0][1]


def test_damaged_archives_stop_nothing(tmp_path):
    whole = zipped({"ben.ipynb": SOLVED})
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "no.zip").write_bytes(b"PK")
    broken = bytearray(zipped({"dan.ipynb": SOLVED}))
    broken[60:90] = bytes(30)
    (tmp_path / "crc.zip").write_bytes(broken)
    (tmp_path / "good.ipynb").write_bytes(SOLVED)
    found = intake.collect(tmp_path, LABS)
    assert [each.student for each in found.submissions] == ["good"]
    assert {where.partition("/")[0] for where, _ in found.left_out} == {"half.zip", "no.zip", "crc.zip"}


def test_links_are_not_followed_and_nothing_climbs(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.ipynb").write_bytes(SOLVED)
    place = tmp_path / "class"
    place.mkdir()
    try:
        (place / "link.ipynb").symlink_to(secret / "x.ipynb")
        (place / "folder").symlink_to(secret)
    except OSError:
        pytest.skip("no links here")
    (place / "slip.zip").write_bytes(zipped({"../../evil.ipynb": SOLVED}, {"l.ipynb": str(secret / "x.ipynb")}))
    before = sorted(tmp_path.rglob("*"))
    found = intake.collect(place, LABS)
    assert [each.student for each in found.submissions] == ["evil"]
    assert sorted(tmp_path.rglob("*")) == before, "reading an archive wrote something"
    assert sorted(name for name, why in found.left_out if "link" in why) == ["folder", "link.ipynb", "slip.zip/l.ipynb"]


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "NOTEBOOK", 10_000)
    monkeypatch.setattr(intake, "ARCHIVE", 50_000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            archive.writestr(f"{number}.ipynb", bytes(10_000_000))
    (tmp_path / "bomb.zip").write_bytes(stream.getvalue())
    found = intake.collect(tmp_path, LABS)
    assert found.submissions == [] and len(found.left_out) == 10


def test_system_files_are_ignored(tmp_path):
    ignored = ("__MACOSX/._x.ipynb", "ada/.ipynb_checkpoints/x-checkpoint.ipynb", ".DS_Store", "ben/Thumbs.db")
    for name in (*ignored, "ada/x.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SOLVED)
    (tmp_path / "ada" / ".venv").mkdir()
    with contextlib.suppress(OSError):  # there may be no links here
        (tmp_path / "ada" / ".venv" / "lib64").symlink_to(tmp_path)
    found = intake.collect(tmp_path, LABS)
    assert [each.source for each in found.submissions] == ["ada/x.ipynb"] and found.left_out == []


def test_a_place_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        intake.collect(tmp_path / "nowhere", LABS)


def test_old_notebooks_are_read():
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n"], "language": "python"}]}]}
    assert intake.read(json.dumps(old).encode())["cells"][0]["source"] == "x = 1\n"


# ---------------------------------------------------------------- which cells are executed


def test_training_and_figures_are_left_out_and_what_exercises_need_is_not():
    plan = labs.plan(solved(LESSONS[0]), LAB)
    assert len(plan.cells) < 70 < len(LAB.notebook["cells"])
    assert [cell["exercise"] for cell in plan.cells if cell["kind"] == "check"] == LAB.exercises
    assert not any("plot.show" in cell["source"] for cell in plan.cells)


def test_a_library_is_imported_beforehand_where_a_cell_names_it():
    named, others = (
        {"pool": f"def pool(a, size):\n    return {body}"} for body in ("keras.ops.max_pool(a, size)", "keras_like(a)")
    )
    assert "keras" in labs.plan(answered(LESSONS[0], named), LAB).imports
    assert "keras" not in labs.plan(answered(LESSONS[0], others), LAB).imports


def test_a_helper_in_a_cell_of_its_own_is_executed_with_all_it_needs():
    notebook = answered(LESSONS[0], {"pool": "def pool(a, size): return helper(a)"}, last="scale = 3\nimport random")
    helper = "def helper(a):\n    return a * scale"
    notebook["cells"].insert(20, {"cell_type": "code", "metadata": {}, "source": helper, "outputs": []})
    sources = [cell["source"] for cell in labs.plan(notebook, LAB).cells]
    assert helper in sources and "scale = 3\nimport random" in sources


def test_a_cell_that_fills_an_answer_in_place_is_executed():
    plan = labs.plan(answered(LESSONS[0], {"predicted_sizes": "sizes = []"}, last="sizes.append(3)"), LAB)
    assert any(cell["source"] == "sizes.append(3)" for cell in plan.cells)


def test_global_names_are_told_from_local_ones():
    assert labs.used_names("def f(a):\n    b = a\n    return b + c\nd = [e for e in g]") == {"c", "g"}
    assert labs.used_names("def f(:") == set()


def test_the_newer_one_counts_inside_an_archive_and_beside_it(tmp_path):
    for name in ("ada", "ben"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lab.ipynb").write_bytes(SOLVED)
    with zipfile.ZipFile(tmp_path / "ada" / "old.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("x.ipynb", (2020, 1, 1, 0, 0, 0)), SOLVED + b" ")
    for year, newest in ((2021, "ada/lab.ipynb"), (2019, "ada/old.zip/x.ipynb")):
        os.utime(tmp_path / "ada" / "lab.ipynb", 2 * ((year - 1970) * 365 * 86_400,))
        assert [each.source for each in intake.collect(tmp_path, LABS).submissions] == [newest, "ben/lab.ipynb"]


def test_two_students_of_one_name_in_a_lab_have_the_platforms_number(tmp_path):
    for folder in ("Anna Müller_123456_assignsubmission_file_", "Anna Müller_123999_assignsubmission_file_"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.ipynb").write_bytes(SOLVED)
    assert [each.student for each in intake.collect(tmp_path, LABS).submissions] == ["Anna Müller 123456", "Anna Müller 123999"]


def test_a_student_with_another_number_for_another_lab_is_the_same(tmp_path):
    """Moodle numbers anew for each assignment."""
    for number, lesson in enumerate(LESSONS[:2]):
        folder = tmp_path / f"Anna Müller_12345{number}_assignsubmission_file_"
        folder.mkdir()
        (folder / "x.ipynb").write_text(json.dumps(solved(lesson)))
    assert [each.student for each in intake.collect(tmp_path, LABS).submissions] == ["Anna Müller", "Anna Müller"]


@pytest.mark.parametrize("names", [STEMS, ["lab", "lab2"]])
def test_the_folder_of_a_single_student_names_her(tmp_path, names):
    (tmp_path / "Ada").mkdir()
    for name, lesson in zip(names, LESSONS, strict=False):
        (tmp_path / "Ada" / f"{name}.ipynb").write_text(json.dumps(solved(lesson)))
    assert [each.student for each in intake.collect(tmp_path, LABS).submissions] == ["Ada", "Ada"]


def test_who_hands_in_no_notebook_is_listed_and_a_helper_beside_one_is_not(tmp_path):
    for name in ("class/Ada/x.ipynb", "class/Ada/helper.py", "class/Ada/lab02.7z", "class/Bob/lab01.odt", "class/Cy/lab.tar.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(SOLVED)
    (tmp_path / "class" / "more.zip").write_bytes(zipped({"Dan/report.pdf": b"%PDF", "Eve/y.ipynb": SOLVED + b" "}))
    found = intake.collect(tmp_path, LABS)
    assert [each.student for each in found.submissions] == ["Ada", "Eve"]
    assert sorted(name for name, why in found.left_out if "hand in the .ipynb" in why) == [
        "class/Ada/lab02.7z",
        "class/Bob/lab01.odt",
        "class/Cy/lab.tar.gz",
        "class/more.zip/Dan/report.pdf",
    ]


def test_of_two_students_of_one_name_the_one_without_a_notebook_is_listed(tmp_path):
    for name in ("Anna_123456_assignsubmission_file_/x.ipynb", "Anna_123999_assignsubmission_file_/x.pdf"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(SOLVED)
    assert [name for name, _ in intake.collect(tmp_path, LABS).left_out] == ["Anna_123999_assignsubmission_file_/x.pdf"]


def test_a_file_that_is_given_alone_and_no_notebook_is_called_so(tmp_path):
    (tmp_path / "class.rar").write_bytes(b"Rar!")
    ((name, why),) = intake.collect(tmp_path / "class.rar", LABS).left_out
    assert name == "class.rar" and "hand in the .ipynb" in why


def test_a_folder_that_cannot_be_read_is_listed(tmp_path, monkeypatch):
    def walk(place, onerror):
        onerror(PermissionError(13, "Permission denied", str(tmp_path / "ada")))
        return []

    monkeypatch.setattr(intake.os, "walk", walk)
    assert intake.collect(tmp_path, LABS).left_out == [("ada", "It cannot be read: Permission denied.")]


def test_a_notebook_that_is_given_alone_and_too_large_is_called_so(tmp_path, monkeypatch):
    (tmp_path / "x.ipynb").write_bytes(SOLVED)
    monkeypatch.setattr(intake, "NOTEBOOK", len(SOLVED) - 1)
    found = intake.collect(tmp_path / "x.ipynb", LABS)
    assert found.submissions == [] and "larger" in found.left_out[0][1]
