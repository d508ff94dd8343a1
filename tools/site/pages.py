"""Executed notebooks as HTML that needs no network: a page each, an index of pages, and slides."""

import copy
import html
import importlib.resources
import shutil
from pathlib import Path

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert as mathml
from nbconvert import HTMLExporter, SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from tools import course

TEMPLATES = Path(__file__).resolve().parent / "templates"
REVEAL = "reveal.js"  # the folder beside the decks


class _Renderer(IPythonRenderer):
    """Mathematics becomes MathML, which browsers draw and screen readers speak without a script."""

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, display="block")


class _Offline:
    """Mixed into an exporter: MathML, our templates, and of cells tagged hide-input only the outputs."""

    def __init__(self, **options):
        hide = Config({"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": {"hide-input"}}})
        super().__init__(config=hide, extra_template_basedirs=[str(TEMPLATES)], **options)

    @pass_context
    def markdown2html(self, context, source):
        attachments = context.get("cell", {}).get("attachments", {})
        return MarkdownWithMath(renderer=_Renderer(escape=False, attachments=attachments)).render(source)


class PageExporter(_Offline, HTMLExporter):
    """One page; prompts are left out."""

    def __init__(self):
        super().__init__(template_name="page", exclude_input_prompt=True, exclude_output_prompt=True)


class DeckExporter(_Offline, SlidesExporter):
    """A reveal.js deck that looks for the folder REVEAL beside it."""

    def __init__(self):
        super().__init__(template_name="deck", exclude_input_prompt=True, exclude_output_prompt=True)
        self.reveal_url_prefix = REVEAL
        self.reveal_theme = "white"


def page(notebook: nbformat.NotebookNode, title: str) -> str:
    """The notebook as one HTML page."""
    return PageExporter().from_notebook_node(notebook, {"metadata": {"name": title}})[0]


def deck(notebook: nbformat.NotebookNode, title: str) -> str:
    """The notebook as slides, by its cells' slideshow metadata; the badge stays behind, a room of listeners cannot click it."""
    notebook = copy.deepcopy(notebook)
    notebook.cells[0].source = course.without_badge(notebook.cells[0].source)
    return DeckExporter().from_notebook_node(notebook, {"metadata": {"name": title}})[0]


def put_reveal(folder: Path) -> None:
    """Copy reveal.js, which the package sphinx-revealjs ships, into `folder`."""
    shipped = importlib.resources.files("sphinx_revealjs") / "_static" / "revealjs"
    with importlib.resources.as_file(shipped) as source:
        shutil.copytree(source, folder / REVEAL, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.map"))


def index(rows: list[tuple[str, Path | None, str]], heading: str) -> str:
    """A page that links to others: (title, path or None, what to say of it)."""
    items = "\n".join(f"<tr><td>{_link(title, path)}</td><td>{html.escape(note)}</td></tr>" for title, path, note in rows)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{heading}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}
td,th{{text-align:left;padding:.4rem .8rem;border-bottom:1px solid #ddd}}</style>
</head><body><main><h1>{heading}</h1>
<table><thead><tr><th scope="col">notebook</th><th scope="col">this run</th></tr></thead><tbody>
{items}
</tbody></table></main></body></html>
"""


def _link(title: str, path: Path | None) -> str:
    return f'<a href="{html.escape(path.as_posix())}">{html.escape(title)}</a>' if path else html.escape(title)
