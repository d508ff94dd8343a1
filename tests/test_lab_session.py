"""Level 0: what `make lab` opens: no nbgrader, no news, the labs."""

import json
import os
import pkgutil
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests import browser
from tools import lab
from tools.lesson import ROOT, lessons
from tools.site import look


def test_the_labs_are_opened_by_this_program():
    assert "-m tools.lab" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "-m tools.lab" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "opened"),
    [([], "labs"), (["--port", "9001"], "labs"), (["--port=9001"], "labs"), ([str(ROOT / "solutions")], "solutions")],
)
def test_the_labs_are_opened_unless_another_place_is_named(arguments, opened, monkeypatch):
    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", started.append)
    monkeypatch.setattr(sys, "argv", ["lab", *arguments])
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    assert lab.main() == 0
    assert str(ROOT / opened) in started[0] and set(arguments) <= set(started[0])


def test_every_extension_of_nbgraders_is_left_out():
    """Also one that a new release brings: what nbgrader declares is compared with what is left out."""
    import nbgrader
    from nbgrader import server_extensions

    declared = {f"nbgrader.server_extensions.{each.name}" for each in pkgutil.iter_modules(server_extensions.__path__)}
    assert declared
    settings = json.loads((lab.CONFIG / "jupyter_server_config.json").read_text(encoding="utf-8"))
    left_out = {name for name, on in settings["ServerApp"]["jpserver_extensions"].items() if not on}
    assert declared <= left_out
    page = json.loads((lab.CONFIG / "labconfig" / "page_config.json").read_text(encoding="utf-8"))
    (shipped,) = {each["dest"] for each in nbgrader._jupyter_labextension_paths()}
    assert page["disabledExtensions"][shipped]


@pytest.mark.skipif(not any(shutil.which(name) for name in look.BROWSERS), reason="no Chromium here; the settings are read above")
def test_a_student_sees_the_labs_and_nothing_of_the_instructors(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t"]
    fresh = {f"JUPYTERLAB_{what}_DIR": str(tmp_path / what.lower()) for what in ("WORKSPACES", "SETTINGS")}
    command = [sys.executable, "-m", "tools.lab", *options]
    session = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **fresh}, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/lab?token=t"
        for _ in range(600):
            try:
                urllib.request.urlopen(address, timeout=5)
                break
            except OSError:
                assert session.poll() is None, "JupyterLab did not start"
                time.sleep(0.2)
        with browser.chromium() as chromium:
            page = chromium.new_page(viewport={"width": 1400, "height": 900})
            page.goto(address, timeout=120_000)
            name = next(lesson.name for lesson in lessons() if lesson.is_lab)
            page.get_by_text(name[:12]).first.wait_for(timeout=120_000)
            page.wait_for_timeout(1500)  # what pops up, pops up by then
            text = page.inner_text("body")
        assert "File" in text and "Kernel" in text
        for unwanted in ("nbgrader", "Create Assignment", "Formgrader", "Would you like to get notified", "news"):
            assert unwanted.lower() not in text.lower(), unwanted
    finally:
        session.terminate()
        session.wait(30)
