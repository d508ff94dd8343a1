"""What the site adds to Sphinx: MathML, alternative texts of figures, our docstrings' layout, buttons that open labs."""

import hashlib
import re
import sys
import types
from base64 import b64decode

from docutils import nodes

from tools.lesson import read_notebook
from tools.site.pages import mathml


def setup(app) -> dict:
    """Called by Sphinx."""
    app.add_html_math_renderer("course", (_inline, None), (_block, None))
    app.connect("doctree-read", _describe_figures)
    app.connect("autodoc-process-docstring", _lay_out)
    _stand_in("keras")
    app.connect("autodoc-skip-member", _leave_out)
    app.connect("html-page-context", _open_labs, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator, node) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator, node) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def _describe_figures(app, doctree) -> None:
    """Give each figure of a notebook the alternative text that `plot.show` stored beside it; myst-nb does not."""
    path = app.env.doc2path(app.env.docname)
    if not str(path).endswith(".ipynb"):
        return
    texts = {}
    for cell in read_notebook(path).cells:
        for output in cell.get("outputs", ()):
            picture = output.get("data", {}).get("image/png")
            if picture:
                # myst-nb names the file by this hash
                name = hashlib.sha256(b64decode(picture)).hexdigest()
                texts[name] = output.metadata.get("image/png", {}).get("alt", "")
    for image in doctree.findall(nodes.image):
        name = re.search(r"([0-9a-f]{64})\.png", image.get("uri", ""))
        if name and texts.get(name[1]):
            image["alt"] = texts[name[1]]


def _lay_out(app, what, name, obj, options, lines: list[str]) -> None:
    """Our docstrings are plain text: what is indented behind a blank line is code or a table, and keeps its layout."""
    laid, indented, items = [], False, False
    for line in lines:
        starts = line.startswith(("  ", "\t")) and not indented and (not laid or not laid[-1].strip())
        if starts and not items:
            laid += ["::", ""]
            indented = True
        elif line.strip() and not line.startswith(" "):
            indented = False
            items = line.startswith(("- ", "* "))
        laid.append(line)
    lines[:] = [*laid, ""]


def _leave_out(app, what, name, obj, skip, options) -> bool | None:
    """The fields of a named tuple stand in its signature, and their docstrings say nothing."""
    return True if (getattr(obj, "__doc__", "") or "").startswith("Alias for field number") else None


class _Named(type):
    """A class of Keras by name only: it can be inherited from, named in a signature, and called as a decorator."""

    def __getattr__(cls, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        inside = ".".join(filter(None, (cls.__module__, cls.__name__)))
        return _Named(name, (), {"__module__": inside, "__init__": _take, "__call__": _return})


def _take(self, *arguments, **settings) -> None:
    """Any arguments will do."""


def _return(self, decorated):
    return decorated


def _stand_in(library: str) -> None:
    """Put an empty `library` where `import` finds it: docstrings need no TensorFlow, whose import takes ten seconds."""
    module = types.ModuleType(library)
    module.__getattr__ = lambda name: getattr(_Named(library, (), {"__module__": ""}), name)
    sys.modules.setdefault(library, module)


def _open_labs(app, page, template, context, doctree) -> None:
    """From a solution, the buttons open the lab: nobody works in a solution."""
    for group in context.get("header_buttons", ()):
        for button in group.get("buttons", ()):
            if "/solutions/" in button.get("url", ""):
                button["url"] = button["url"].replace("/solutions/", "/labs/")
