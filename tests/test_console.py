"""Level 1: everything prints on a console that is not UTF-8, into a pipe and into a file: cp1252, ASCII (LANG=C), Latin-1."""

import os
import subprocess
import sys

import pytest

from tools.lesson import ROOT

LEDGER = "import keras, tensorflow; from keras import layers; from utils.ledger import ledger; "
MODEL = (
    "ledger(keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name='größe_→'), "
    "layers.Lambda(lambda x: tensorflow.nn.relu(x), output_shape=(6, 6, 2))]))"
)
RUN = (
    "from tools import run; from tools.lesson import lessons; from tools.execute import Execution; import nbformat; "
    "fact = {'kind': 'result', 'name': 'ratio ≥ 1 → ∞', 'value': 1.0, 'unit': '×', 'on': ''}; "
    "done = Execution(nbformat.v4.new_notebook(), 1.0, 1, (3, 'x = 1', 'ValueError: “ö” ≠ ½'), [fact]); "
    "print(run.table([run.Row(lessons(['01'])[0], done)]))"
)
ENCODINGS = ["ascii", "cp1252", "latin-1"]
# What is printed, statement by statement. The tools come last: importing them changes the streams, which must help no other.
PROGRAMS = {
    "ledger": [f"{LEDGER}book = {MODEL}", "print(book)", "print(book.describe())", "print(book.training(2))"],
    "lessons": [
        "from utils import panel; panel.show('right', 'a × b', '½ → 1')",
        "from utils import results; results.record('ratio ≥ 1', 2.5, '×')",
        "from utils import progress; list(progress.bar(range(3), 'größer →'))",
        "from utils import doctor; doctor.examine = lambda **_: [doctor.Finding('größer → ½', 'do ≥ 1')]; doctor.main()",
        "from utils.data.__main__ import main; main(['status'])",
    ],
    "tools": [
        RUN,
        "import sys; from tools import build; sys.argv = ['build', '--check', '01']; build.main()",
        "print(build.table())",
    ],
}
# The process starts with the first encoding. For each of the others it opens its streams as Python does at its start and
# imports the course's modules again: what they decide when they are imported, they decide for that encoding.
SCRIPT = """
import sys, traceback

for encoding in ENCODINGS:
    if encoding != ENCODINGS[0]:
        for module in [name for name in sys.modules if name.split(".")[0] in ("utils", "tools")]:
            del sys.modules[module]
        sys.stdout = open(1, "w", encoding=encoding, closefd=False)
        sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", closefd=False)
    for program, statements in PROGRAMS.items():
        for stream in (sys.stdout, sys.stderr):
            print(f"\\n{MARK}{encoding} {program}", file=stream, flush=True)
        try:
            exec("\\n".join(statements), {})
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
"""
MARK = "== now: "


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """(encoding, program) → what it prints, and what it complains of."""
    source = tmp_path_factory.mktemp("console") / "script.py"  # on the command line the locale would have to read it
    source.write_text(f"ENCODINGS = {ENCODINGS}\nPROGRAMS = {PROGRAMS}\nMARK = {MARK!r}\n{SCRIPT}", encoding="utf-8")
    start = {"PYTHONIOENCODING": ENCODINGS[0], "PYTHONUTF8": "0", "COURSE_STRICT": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(source)], cwd=ROOT, env={**os.environ, **start}, capture_output=True)
    parts = [
        dict(part.partition("\n")[::2] for part in stream.decode(errors="replace").replace("\r\n", "\n").split(MARK)[1:])
        for stream in (done.stdout, done.stderr)
    ]
    return {tuple(title.split()): (printed, parts[1].get(title, "")) for title, printed in parts[0].items()}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_it_prints(program, encoding, said):
    printed, complaint = said[encoding, program]
    assert "UnicodeEncodeError" not in complaint and "Traceback" not in complaint, complaint[-500:]
    assert len(printed.strip().splitlines()) >= len(PROGRAMS[program]), "something was not printed"
