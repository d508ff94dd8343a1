"""Controls that redraw a figure in a live notebook; where there is no kernel to answer them, one line says so.

The picture is the value of an HTML widget, its alternative text included. ipywidgets' own `interact` draws into an `Output`
widget, and whoever executes a notebook (nbclient, papermill, nbconvert, nbgrader) answers that on the very socket on which it
waits for the cell's reply: it may miss the reply and stand still.
"""

import base64
import html
from collections.abc import Callable

from . import panel, plot, results


def show(draw: Callable, **choices) -> None:
    """Show a control for each of `choices`, and below them what `draw(name=value, …)` returns, (figure, alternative text).

    A choice is (lowest, highest, start) for a slider over whole numbers, or a list of values for a menu, its first one chosen.
    Raises ValueError for anything else. In strict mode, as in a stored page, no control is shown.
    """
    for name, choice in choices.items():
        slider = isinstance(choice, tuple) and len(choice) == 3 and choice[0] <= choice[2] <= choice[1]
        if not (slider or isinstance(choice, list) and choice):
            raise ValueError(f"{name}: a choice is (lowest, highest, start) or a list of values; this is {choice!r}")
    names = [name.replace("_", " ") for name in choices]
    if not panel.in_notebook() or results.strict():
        print(f"Run this cell in Jupyter or Colab: controls for {_listed(names)} appear here.")
        return
    import ipywidgets
    from IPython.display import display

    controls = {}
    for name, choice in choices.items():
        look = {"description": name.replace("_", " "), "style": {"description_width": "initial"}}
        if isinstance(choice, tuple):
            low, high, start = choice
            controls[name] = ipywidgets.IntSlider(start, low, high, continuous_update=False, **look)
        else:
            controls[name] = ipywidgets.Dropdown(options=choice, value=choice[0], **look)
    picture = ipywidgets.HTML()

    def redraw(_=None):
        figure, alt = draw(**{name: control.value for name, control in controls.items()})
        source = base64.b64encode(plot.png(figure)).decode()
        picture.value = f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{source}">'

    for control in controls.values():
        control.observe(redraw, "value")
    redraw()
    display(ipywidgets.VBox([*controls.values(), picture]))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
