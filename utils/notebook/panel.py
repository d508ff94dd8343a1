"""Show one message: a small panel in Jupyter, plain text everywhere else, and machine-readable data beside it."""

import html
import sys

from ..data.console import say

# Programs that execute notebooks (tools/run.py) read this entry of an output instead of parsing prose.
MIME = "application/vnd.course+json"

# A symbol, a word and a colour: the colour is never the only carrier of the meaning.
LOOKS = {
    "right": ("✅", "#117733"),
    "unattempted": ("⬜", "#6b7280"),
    "wrong": ("❌", "#aa3377"),
    "hint": ("💡", "#996600"),
    "note": ("ℹ️", "#0072b2"),
    "missing": ("⚠️", "#b45309"),
}
_ASCII = {
    "right": "[right]",
    "unattempted": "[ ]",
    "wrong": "[wrong]",
    "hint": "[hint]",
    "note": "[i]",
    "missing": "[!]",
}


def in_notebook() -> bool:
    """True in a Jupyter kernel (Notebook, Lab, Colab, VS Code), False in a terminal or a plain Python program."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def show(kind: str, title: str, message: str = "", *, body_html: str = "", data: dict | None = None) -> None:
    """Display `title` and `message` in the look of `kind` (a key of LOOKS).

    `body_html` replaces the message's plain rendering in Jupyter (a table, say); `data` travels with the output under MIME.
    """
    symbol, colour = LOOKS[kind]
    text = f"{symbol} {title}" + (f"\n{message}" if message else "")
    if not in_notebook():
        encoding = sys.stdout.encoding or "utf-8"
        if symbol not in symbol.encode(encoding, "ignore").decode(encoding):
            text = text.replace(symbol, _ASCII[kind], 1)
        say(text)
        return
    from IPython.display import display

    body = body_html or (f'<div style="white-space:pre-wrap">{_inline_code(message)}</div>' if message else "")
    panel = (
        f'<div role="status" style="border-left:4px solid {colour};padding:.4em .8em;margin:.2em 0">'
        f'<strong><span aria-hidden="true">{symbol}</span> {_inline_code(title)}</strong>{body}</div>'
    )
    bundle = {"text/plain": text, "text/html": panel}
    if data is not None:
        bundle[MIME] = data
    display(bundle, raw=True)


def _inline_code(text: str) -> str:
    """Escape for HTML; what stands between backticks becomes code."""
    parts = html.escape(text).split("`")
    if len(parts) % 2 == 0:  # an unpaired backtick is only a character
        return html.escape(text)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
