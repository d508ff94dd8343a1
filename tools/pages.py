"""HTML of executed notebooks: one page each, readable without a network, and an index."""

import html
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

LANGUAGE = "en"


def page(notebook: nbformat.NotebookNode, title: str) -> str:
    """The notebook as one HTML page; of cells tagged hide-input only the outputs are shown."""
    hide = Config({"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": {"hide-input"}}})
    exporter = HTMLExporter(config=hide, template_name="classic", exclude_input_prompt=True, exclude_output_prompt=True)
    return exporter.from_notebook_node(notebook, {"metadata": {"name": title}})[0]


def index(rows: list[tuple[str, Path | None, str]], heading: str) -> str:
    """A page that links to others: (title, path or None, what to say of it)."""
    items = "\n".join(f"<tr><td>{_link(title, path)}</td><td>{html.escape(note)}</td></tr>" for title, path, note in rows)
    return f"""<!doctype html>
<html lang="{LANGUAGE}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{heading}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.4rem .8rem;border-bottom:1px solid #ddd}}</style>
</head><body><main><h1>{heading}</h1>
<table><thead><tr><th scope="col">notebook</th><th scope="col">this run</th></tr></thead><tbody>
{items}
</tbody></table></main></body></html>
"""


def _link(title: str, path: Path | None) -> str:
    return f'<a href="{html.escape(path.as_posix())}">{html.escape(title)}</a>' if path else html.escape(title)
