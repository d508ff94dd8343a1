"""Level 1: the sliders of a live notebook: each moves its figure, and without a kernel a line says where they appear."""

import nbformat
import numpy as np
import pytest
from ipywidgets.widgets import interaction, widget
from nbclient.output_widget import OutputWidget

from tools.execute import execute
from utils import panel, plot, results
from utils.ledger import ledger
from utils.lessons.lab03 import figures as lab03
from utils.lessons.lecture01 import figures as lecture01


@pytest.fixture
def live(monkeypatch):
    """A notebook with a kernel: what is shown (alternative texts), and a function that moves a control by its description."""
    shown = []
    monkeypatch.setattr(panel, "in_notebook", lambda: True)
    monkeypatch.setattr(results, "strict", lambda: False)
    monkeypatch.setattr(plot, "show", lambda fig, alt: shown.append(alt))
    if hasattr(widget, "_instances"):
        instances = widget._instances
    else:  # ipywidgets 7, which draws the first picture when a browser asks for it
        instances = widget.Widget.widgets
        monkeypatch.setattr(interaction, "display", lambda sliders: sliders.update())
    before = set(instances)

    def move(description, value):
        made = [each for name, each in instances.items() if name not in before]
        (control,) = [each for each in made if getattr(each, "description", "") == description and hasattr(each, "value")]
        control.value = value

    return shown, move


def test_the_worked_grid_has_a_slider_for_position_stride_and_padding(live):
    shown, move = live
    lecture01.explore(np.arange(25).reshape(5, 5), np.ones((3, 3)))
    assert "of 9, stride 1, padding 0" in shown[-1]
    move("stride", 2)
    assert "of 4, stride 2" in shown[-1]
    move("padding", 1)
    assert "of 9, stride 2, padding 1" in shown[-1]
    move("position", 24)
    assert shown[-1].startswith("Step 9 of 9")


def test_the_ledgers_sliders_change_what_fits_the_card(live):
    import keras

    layers = [keras.Input((64, 64, 3)), keras.layers.Conv2D(256, 3), keras.layers.Conv2D(256, 3)]
    shown, move = live
    lab03.explore({"small": ledger(keras.Sequential(layers))})
    assert "What fits 8 GiB: small" in shown[-1]
    move("card, GiB", 4)
    move("batch", 256)
    assert "batch 256" in shown[-1]
    first = shown[-1]
    move("dtype", "float16")
    move("optimizer", "sgd")
    assert len(shown) == 5 and "What fits 4 GiB" in first


def test_without_a_kernel_a_line_says_where_the_sliders_are(capsys, monkeypatch):
    monkeypatch.setattr(panel, "in_notebook", lambda: False)
    lecture01.explore(np.zeros((5, 5)), np.zeros((3, 3)))
    lab03.explore({})
    assert capsys.readouterr().out.count("in Jupyter or Colab") == 2


def test_a_notebook_with_sliders_is_executed_without_a_word_to_them(tmp_path, monkeypatch):
    """What nbclient says to a widget goes over the socket that it reads replies from, and it may then miss one."""
    said = []
    monkeypatch.setattr(OutputWidget, "send", lambda self, *message, **_: said.append(message))
    source = "import ipywidgets\nipywidgets.interact(lambda x: print('x is', x), x=3)"
    run = execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), tmp_path)
    assert run.error is None and said == []
