"""Level 0: what the programs that execute notebooks do to folders, and say when something is missing."""

import pytest

from tools.run import clear, colab


def test_of_a_folder_of_pages_only_our_own_are_removed(tmp_path):
    ours = ["index.html", "notebooks-01_convolution.html", "solutions-99_gone.html"]
    others = ["diary.txt", "diary.html", "notebooks.html"]
    for name in ours + others:
        (tmp_path / name).touch()
    clear(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
    clear(tmp_path / "nowhere")


def test_a_python_that_is_not_here_is_named_with_the_option_for_another(tmp_path):
    with pytest.raises(SystemExit, match="python3.99 is not here: .*--python"):
        colab.kernel(tmp_path / "kernel", "python3.99")
