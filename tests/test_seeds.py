"""Level 1: figures with other seeds are compared with their ranges, and the seeds are indeed others."""

import numpy as np
import pytest

from tools.lesson import lessons
from tools.run import Row, seeds
from tools.run.seeds import RESEED, Figure, gather, reseeded

NAME, OTHER = "multiply-adds, window by window over all at once", "ConvNet, accuracy"  # [12.1, 12.2], [95.5 …] on no named data


def fact(name, value, on=""):
    return {"kind": "result", "name": name, "value": value, "unit": "", "on": on}


@pytest.mark.parametrize(
    ("values", "outside", "room"),
    [([2, 4], False, 0.5), ([2, 4, 9.5], False, 0.5 / 7.5), ([5, 5], False, np.inf), ([0.5, 4], True, -1), ([5, None], True, -1)],
)
def test_room_is_the_distance_to_an_edge_in_widths_of_the_spread(values, outside, room):
    figure = Figure("a figure", values, low=1, high=10)
    assert (figure.outside, figure.room) == (outside, pytest.approx(room))
    assert "a figure" in str(figure) and ("OUTSIDE" in str(figure)) == outside


def test_the_closest_to_an_edge_comes_first_and_other_data_stay_out():
    runs = [
        [fact(NAME, 12.14), fact(OTHER, 97), fact("without a range", 1)],
        [fact(NAME, 12.15), fact(OTHER, 90)],
        [fact(OTHER, 99.9, on="all digits")],
    ]
    first, second = gather(runs)
    assert (first.name, first.values, first.outside) == (OTHER, [97, 90], True)
    assert (second.name, second.values, second.outside) == (NAME, [12.14, 12.15], False)


@pytest.mark.parametrize("lesson", [pytest.param(each, id=each.folder) for each in lessons()])
def test_the_seeds_move_after_the_course_is_found_and_before_the_lesson(lesson):
    cells = reseeded(lesson, 7).cells
    (moved,) = [position for position, cell in enumerate(cells) if "seed + 7" in cell.source]
    assert cells[moved - 1].source.startswith("#@title Setup")
    assert not any("set_random_seed(" in cell.source for cell in cells[:moved])


def test_a_moved_seed_is_another_seed(monkeypatch):
    import keras

    def drawn(seed):
        keras.utils.set_random_seed(seed)
        return np.asarray(keras.random.uniform((3,)))

    expected, usual = drawn(1000), drawn(0)
    monkeypatch.setattr(keras.utils, "set_random_seed", keras.utils.set_random_seed)  # put back afterwards
    exec(RESEED.format(offset=1000), {})
    assert np.array_equal(drawn(0), expected) and not np.array_equal(expected, usual)


@pytest.mark.parametrize(("value", "status"), [(12.15, 0), (13.0, 1)])
def test_a_figure_outside_ends_with_1(value, status, monkeypatch, capsys):
    (lesson,) = lessons(["solutions/08"])
    asked = []

    class Ran(Row):
        class run:
            error, facts = None, [fact(NAME, value)]

    def run_all(chosen, html, *, made, environment):
        asked.append(("seed + 1000" in str(made(lesson)), environment["COURSE_STRICT"]))
        return [Ran]

    monkeypatch.setattr(seeds, "run_all", run_all)
    monkeypatch.setattr("sys.argv", ["seeds", "solutions/08", "--seeds", "1"])
    monkeypatch.setattr(seeds, "read_notebook", lambda path: None)
    monkeypatch.setattr(seeds, "attached", lambda notebook: [fact(NAME, 12.14)])
    assert seeds.main() == status and asked == [(True, "")]
    assert f"Figures: 1; outside: {status}; near an edge: 0." in capsys.readouterr().out
