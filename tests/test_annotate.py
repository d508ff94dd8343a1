"""Lab 07's board to draw on: driven with the mouse in a real browser, and what it says where it cannot be drawn on."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time

import nbformat
import numpy as np
import pytest

from tools.lesson import ROOT
from tools.site import look
from utils import panel, results
from utils.lessons.lab07 import annotate

CHROMIUM = next((path for path in map(shutil.which, look.BROWSERS) if path), None)
SHOW = """\
import numpy as np
from utils.lessons.lab07 import annotate
mine, again = [[], []], [[], [[10, 10, 50, 60.5]]]
annotate.show(np.full((2, 200, 200, 3), 180, np.uint8), mine, again)"""
READ = "import json, pathlib\npathlib.Path('boxes.json').write_text(json.dumps([mine, again]))"


def test_boxes_survive_the_way_to_the_widget_and_back():
    boxes = [[10, 20, 40, 60], [0, 0, 200, 200], [1.7, 2.3, 9.0, 8.3]]
    assert annotate.to_corners(annotate.from_corners(boxes)) == boxes
    assert annotate.to_corners([{"x": 3, "y": 3, "width": 0, "height": 9, "label": "flower"}]) == []  # a click
    assert annotate.to_corners([]) == annotate.from_corners([]) == []


def test_a_round_has_one_list_a_picture():
    with pytest.raises(ValueError, match="3 lists of boxes for 2 pictures"):
        annotate.show(np.zeros((2, 8, 8, 3), np.uint8), [[], [], []])


@pytest.mark.parametrize(("live", "installed", "said"), [(False, True, "Run this cell"), (True, False, "pip install")])
def test_where_it_cannot_draw_one_line_says_what_to_do(monkeypatch, capsys, live, installed, said):
    monkeypatch.setattr(panel, "in_notebook", lambda: live)
    monkeypatch.setattr(results, "strict", lambda: False)
    if not installed:
        monkeypatch.setitem(sys.modules, "jupyter_bbox_widget", None)
    annotate.show(np.zeros((1, 8, 8, 3), np.uint8), [[]])
    assert said in capsys.readouterr().out


@pytest.fixture
def notebook(tmp_path):
    """The address of a live notebook with two cells, which show the board and write down what was drawn."""
    cells = [nbformat.v4.new_code_cell(source) for source in (SHOW, READ)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "board.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--ServerApp.port={port}", f"--ServerApp.root_dir={tmp_path}", "--IdentityProvider.token=board"]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COURSE_STRICT": "", "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=silent, stderr=silent) as server:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/doc/tree/board.ipynb?token=board"
        server.terminate()


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; the tests above try the board's arithmetic")
def test_boxes_are_drawn_moved_deleted_and_read_back_in_a_browser(notebook, tmp_path):
    pytest.importorskip("jupyter_bbox_widget", reason="the board's package is not installed; the tests above do without")
    from playwright.sync_api import expect, sync_playwright

    target = tmp_path / "boxes.json"
    with sync_playwright() as player, player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 1100})
        page.set_default_timeout(120_000)
        page.goto(notebook)
        page.wait_for_selector("text=/Python 3.*Idle/")
        cells = page.locator(".jp-CodeCell .cm-content")
        cells.first.click()
        page.keyboard.press("Control+Enter")
        picture = page.locator(".jp-OutputArea img")
        picture.wait_for()
        page.wait_for_selector("svg[width='600'][height='600']")  # three times as large, and measured
        page.locator(".wrapper").scroll_into_view_if_needed()

        def drag(*way):
            left, top = (picture.bounding_box()[side] for side in ("x", "y"))
            (x0, y0), (x1, y1) = ((left + x, top + y) for x, y in way)
            page.mouse.move(x0, y0)
            page.mouse.down()
            page.mouse.move(x1, y1, steps=4)
            page.mouse.up()

        def read(wanted):
            """Both rounds, as soon as the first one holds `wanted` boxes a picture, for changes take a moment to arrive."""
            for _ in range(60):
                target.unlink(missing_ok=True)
                cells.nth(1).click()
                page.keyboard.press("Control+Enter")
                for _ in range(100):
                    time.sleep(0.1)
                    if target.exists() and target.read_text():
                        break
                rounds = json.loads(target.read_text())
                if [len(boxes) for boxes in rounds[0]] == wanted:
                    return rounds
            raise AssertionError(rounds)

        drag((60, 60), (300, 240))
        np.testing.assert_allclose(read([1, 0])[0][0], [[20, 20, 100, 80]], atol=1)
        drag((400, 400), (550, 580))  # a second box,
        drag((180, 150), (210, 210))  # the first one moved by (30, 60),
        moved = read([2, 0])[0][0]
        np.testing.assert_allclose(sorted(moved), [[30, 40, 110, 100], [400 / 3, 400 / 3, 550 / 3, 580 / 3]], atol=1.4)
        drag((480, 480), (480, 480))  # the second one chosen
        page.keyboard.press("Delete")
        np.testing.assert_allclose(read([1, 0])[0][0], [[30, 40, 110, 100]], atol=1.4)
        page.get_by_role("button", name="Submit").click()
        page.wait_for_selector("text=picture 2 of 2")
        expect(page.locator("rect.movable")).to_have_count(0)  # a picture without boxes yet
        drag((0, 0), (90, 60))
        rounds = read([1, 1])
        np.testing.assert_allclose(rounds[0][1], [[0, 0, 30, 20]], atol=1)
        page.get_by_role("button", name="Skip").click()
        page.wait_for_selector("text=Round 2, picture 1 of 2")
        page.get_by_role("button", name="Skip").click()
        page.wait_for_selector("text=Round 2, picture 2 of 2")
        page.wait_for_selector("rect.movable")  # the box of the second round that was there before
        page.get_by_role("button", name="Submit").click()
        page.wait_for_selector("text=All pictures are done")
        assert read([1, 1])[1] == [[], [[10, 10, 50, 60.5]]]  # shown, not changed
