"""Lab 05: its settings, its network, and the split that the lesson says is the course's own."""

import numpy as np
import pytest

from tools.lesson import ROOT, Lesson
from utils import data
from utils.lessons.lab05 import recipe


@pytest.fixture(scope="module")
def lesson():
    return Lesson.read(ROOT / "solutions" / "05_finetuning_xception.py")


class Pictures:
    """As much of `utils.data.Flowers` as the recipe looks at; `arrays` gives the indices instead of pictures."""

    classes = ("daisy", "dandelion", "roses", "sunflowers", "tulips")

    def __init__(self, official, count):
        self.official, self.labels = official, np.arange(count) * 5 // count

    def __len__(self):
        return len(self.labels)

    def arrays(self, side, chosen):
        return chosen, self.labels[chosen]


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("fraction", [0.25, 0.3])
def test_the_course_holds_out_the_photos_that_the_solution_does(lesson, fraction, seed):
    """The lesson says so below the exercise."""
    source = next(cell.source for cell in lesson.cells if cell.source.startswith("def split("))
    names = {"np": np}
    exec(source, names)  # our own lesson's cell
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(5), (30, 100, 64, 70, 81)))
    for own, course in zip(names["split"](labels, fraction, seed), data.split(labels, fraction, seed), strict=True):
        assert set(own) == set(course)


@pytest.mark.parametrize(
    ("official", "count", "plan"),
    [(False, 600, recipe.DRAWN_SCENES), (True, 1200, recipe.SOME_PHOTOS), (True, 3670, recipe.ALL_PHOTOS)],
)
def test_the_plan_follows_from_the_pictures(official, count, plan):
    assert recipe.plan(Pictures(official, count)) is plan


def test_drawn_scenes_are_limited_and_photos_are_all_used():
    for official, expected in ((False, [100] * 5), (True, [240] * 5)):
        flowers = Pictures(official, 1200)
        chosen, labels = recipe.pictures(flowers, recipe.plan(flowers))
        assert np.bincount(labels).tolist() == expected and len(set(chosen)) == len(chosen)


@pytest.mark.parametrize("side", [150, 299])
def test_thumbnails_are_small_and_scaled(side):
    small = recipe.thumbnails(np.full((2, side, side, 3), 255, np.uint8))
    assert 48 <= small.shape[1] <= 52 and small.dtype == np.float32 and small.max() == 1


def test_the_small_convnet_halves_four_times():
    model = recipe.small_convnet(50, 5)
    assert model.output_shape == (None, 5)
    assert model.layers[-4].output.shape[1:3] == (3, 3)  # before the pooling over all places


def test_every_kind_of_pictures_has_its_ranges(lesson):
    """`on."…"` of a range names the data of a plan."""
    from utils.notebook import ranges

    known = {plan.data for plan in (recipe.DRAWN_SCENES, recipe.SOME_PHOTOS, recipe.ALL_PHOTOS)}
    allowed = ranges.load(ROOT / "tests" / "ranges" / f"{lesson.folder}.toml")
    assert {data for each in allowed.values() for data in each.on} <= known
