"""Level 1: the oldest versions are read from requirements.txt itself."""

from tools.lesson import ROOT
from tools.run.oldest import pins


def test_pins_are_the_lower_ends():
    assert pins("# a comment\nkeras>=3.5,<4\nnumpy>=1.26,<3\n\npooch>=1.8\n") == ["keras==3.5.*", "numpy==1.26.*", "pooch==1.8.*"]


def test_every_requirement_has_a_lower_end():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(pins("\n".join(wanted))) == len(wanted) > 10
