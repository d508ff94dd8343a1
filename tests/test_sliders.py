"""Level 1: the controls of a live notebook: each redraws its figure, none opens an Output widget, and no executor hangs."""

import html
import re

import nbformat
import numpy as np
import pytest
from ipywidgets.widgets import widget
from nbclient import NotebookClient
from nbclient.output_widget import OutputWidget

from tools.execute import execute
from tools.lesson import ROOT, lessons, read_notebook
from utils import panel, results
from utils.ledger import ledger
from utils.lessons.lab03 import figures as lab03
from utils.lessons.lecture01 import figures as lecture01
from utils.notebook import sliders


@pytest.fixture
def live(monkeypatch):
    """A notebook with a kernel: `alt()` is the picture's alternative text, `move(description, value)` moves a control."""
    monkeypatch.setattr(panel, "in_notebook", lambda: True)
    monkeypatch.setattr(results, "strict", lambda: False)
    instances = widget._instances if hasattr(widget, "_instances") else widget.Widget.widgets  # ipywidgets 8 or 7
    before = set(instances)

    def made(kind):
        return [each for name, each in instances.items() if name not in before and type(each).__name__ in kind]

    def move(description, value):
        (control,) = [each for each in made(("IntSlider", "Dropdown")) if each.description == description]
        control.value = value

    def alt():
        assert made(("Output",)) == []
        (picture,) = made(("HTML",))
        assert 'src="data:image/png;base64,' in picture.value
        return html.unescape(re.search('alt="([^"]*)"', picture.value)[1])

    return alt, move


def test_the_worked_grid_has_a_slider_for_position_stride_and_padding(live):
    alt, move = live
    lecture01.explore(np.arange(25).reshape(5, 5), np.ones((3, 3)))
    assert "of 9, stride 1, padding 0" in alt()
    move("stride", 2)
    assert "of 4, stride 2" in alt()
    move("padding", 1)
    assert "of 9, stride 2, padding 1" in alt()
    move("position", 24)
    assert alt().startswith("Step 9 of 9")


def test_the_ledgers_controls_change_what_fits_the_card(live):
    import keras

    layers = [keras.Input((64, 64, 3)), keras.layers.Conv2D(256, 3), keras.layers.Conv2D(256, 3)]
    alt, move = live
    lab03.explore({"small": ledger(keras.Sequential(layers))})
    assert "What fits 8 GiB: small" in alt()
    move("card in GiB", 4)
    move("batch", 256)
    assert "batch 256" in alt() and "fits 4 GiB" in alt()
    move("precision", "float16")
    move("optimizer", "sgd")
    move("batch", 8)
    assert "What fits 4 GiB: small" in alt()


def test_without_a_kernel_a_line_says_where_the_controls_are(capsys, monkeypatch):
    monkeypatch.setattr(panel, "in_notebook", lambda: False)
    lecture01.explore(np.zeros((5, 5)), np.zeros((3, 3)))
    lab03.explore({})
    assert capsys.readouterr().out.count("in Jupyter or Colab") == 2


@pytest.mark.parametrize("choice", [(0, 5), (5, 0, 1), (0, 5, 9), [], "abc", 3], ids=repr)
def test_a_choice_that_is_no_choice_is_named(choice):
    with pytest.raises(ValueError, match="speed: a choice is"):
        sliders.show(lambda speed: None, speed=choice)


def test_no_lesson_and_no_module_opens_an_output_widget():
    """`interact`, `interactive` and `Output` do; an executor that answers one may miss a cell's reply."""
    sources = [*(ROOT / "utils").rglob("*.py"), *(lesson.path for lesson in lessons())]
    opened = re.compile(r"\b(interact|interactive|interactive_output|interact_manual|Output)\(")
    assert [path.name for path in sources if opened.search(path.read_text(encoding="utf-8"))] == []


def test_a_plain_executor_says_nothing_to_the_widgets(tmp_path, monkeypatch):
    """Plain nbclient with our controls in a live, lenient notebook: no Output widget means no word on the socket."""
    said = []
    monkeypatch.setattr(OutputWidget, "send", lambda self, *message, **_: said.append(message))
    monkeypatch.setenv("COURSE_STRICT", "")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    source = (
        "import numpy as np\n"
        "from utils.lessons.lecture01 import figures\n"
        "figures.explore(np.arange(25).reshape(5, 5), np.ones((3, 3)))"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "application/vnd.jupyter.widget-view+json" in str(notebook.cells[0].outputs)
    assert said == []


def test_a_notebook_with_sliders_of_a_students_own_is_executed_without_a_word_to_them(tmp_path, monkeypatch):
    """What nbclient says to a widget goes over the socket that it reads replies from, and it may then miss one."""
    said = []
    monkeypatch.setattr(OutputWidget, "send", lambda self, *message, **_: said.append(message))
    source = "import ipywidgets\nipywidgets.interact(lambda x: print('x is', x), x=3)"
    run = execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), tmp_path)
    assert run.error is None and said == []


def test_stored_notebooks_hold_no_output_widget():
    for path in ROOT.glob("*/*.ipynb"):
        assert "OutputModel" not in str(read_notebook(path).metadata.get("widgets", "")), path.name
