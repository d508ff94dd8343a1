"""Level 1: boxes lie on the pixels they name, and an alternative text is one line that says something."""

import numpy as np
import pytest

from utils import plot


def test_a_frame_lies_on_the_edges_of_its_pixels():
    fig = plot.boxed(np.zeros((2, 8, 8, 3)), [[[1, 2, 4, 6]], []], np.array([[[0, 0, 8, 8]], [[2, 2, 3, 3]]]), names=("a", "b"))
    first, second = fig.axes
    frames = [patch.get_bbox().extents.tolist() for patch in first.patches]
    assert frames == [[0.5, 1.5, 3.5, 5.5], [-0.5, -0.5, 7.5, 7.5]]
    assert len(second.patches) == 1
    one, other = first.patches
    assert one.get_linestyle() != other.get_linestyle() and one.get_edgecolor() != other.get_edgecolor()
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b"]
    plot.png(fig)


def test_an_alternative_text_is_one_line(capsys):
    plot.show(plot.figure()[0], alt="A broken\nlabel does  not break the sentence.")
    assert "A broken label does not break the sentence." in " ".join(capsys.readouterr().out.split())
    with pytest.raises(ValueError, match="in a sentence"):
        plot.show(plot.figure()[0], alt="a picture")
