"""Level 1: everything prints on a console that is not UTF-8, into a pipe and into a file: cp1252, ASCII (LANG=C), Latin-1."""

import os
import subprocess
import sys

import pytest

from tools.lesson import ROOT

LEDGER = "import keras; from keras import layers; from utils.ledger import ledger; "
MODEL = "ledger(keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name='größe_→')]))"
RUN = (
    "from tools import run; from tools.lesson import lessons; from tools.execute import Execution; import nbformat; "
    "fact = {'kind': 'result', 'name': 'ratio ≥ 1 → ∞', 'value': 1.0, 'unit': '×', 'on': ''}; "
    "done = Execution(nbformat.v4.new_notebook(), 1.0, 1, (3, 'x = 1', 'ValueError: “ö” ≠ ½'), [fact]); "
    "print(run.table([run.Row(lessons(['01'])[0], done)]))"
)
# One process each: what is printed there, statement by statement.
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


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_it_prints(program, encoding, tmp_path):
    source = tmp_path / "program.py"  # on the command line the locale would have to read it
    source.write_text("\n".join(PROGRAMS[program]), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COURSE_STRICT": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(source)], cwd=ROOT, env=environment, capture_output=True)
    said = done.stderr.decode(errors="replace")
    assert "UnicodeEncodeError" not in said and "Traceback" not in said, said[-500:]
    assert len(done.stdout.splitlines()) >= len(PROGRAMS[program]), "something was not printed"
