"""A board to draw boxes on with the mouse, where the package jupyter-bbox-widget is installed; one line otherwise.

Boxes are kept from the moment they are drawn, so nothing is lost when a cell is run again or a picture is skipped.
"""

import io

from ...notebook import panel, results

ZOOM = 3  # a picture is shown so many times as large, for a steady hand
PACKAGE = "jupyter-bbox-widget"


def show(images, *rounds: list) -> None:
    """Show `images`, uint8 (n, height, width, 3), one by one, once for each of `rounds`, to draw boxes in.

    Each round is a list with one list of boxes a picture. It is changed in place: [x0, y0, x1, y1], half-open, in pixels of
    the picture, to a tenth. Boxes that it holds already are shown and can be moved. In strict mode, as in a stored page,
    and without the package nothing is drawn, and one line says what to do. Raises ValueError for a round of another length.
    """
    for each in rounds:
        if len(each) != len(images):
            raise ValueError(f"a round has {len(each)} lists of boxes for {len(images)} pictures: give one list a picture.")
    if not panel.in_notebook() or results.strict():
        print(f"Run this cell in Jupyter or Colab: with {PACKAGE} installed, a board to draw on appears here.")
        return
    try:
        from jupyter_bbox_widget import BBoxWidget
    except ImportError:
        print(f"No board without the package {PACKAGE}: `%pip install {PACKAGE}`, restart the kernel and reload the page.")
        print("Or type the boxes into the lists above.")
        return
    _Board(images, rounds, BBoxWidget).display()


class _Board:
    """The widget, the line above it, and the place in the row of pictures."""

    def __init__(self, images, rounds, widget):
        import ipywidgets

        self.images, self.rounds, self.place = images, rounds, 0
        self.line = ipywidgets.HTML()
        self.canvas = widget(classes=["flower"])
        self.canvas.on_submit(self.advance)
        self.canvas.on_skip(self.advance)
        self.canvas.observe(self.keep, "bboxes")
        self.present()

    def display(self):
        import ipywidgets
        from IPython.display import display

        display(ipywidgets.VBox([self.line, self.canvas]))

    def advance(self):
        self.place += 1
        self.present()

    def keep(self, change):
        """What the widget holds goes into the list of the round."""
        if self.place < len(self.images) * len(self.rounds):
            round_, picture = divmod(self.place, len(self.images))
            if change["new"] != from_corners(self.rounds[round_][picture]):  # else they were only shown
                self.rounds[round_][picture] = to_corners(change["new"])

    def present(self):
        """The next picture with its boxes, or the end."""
        if self.place == len(self.images) * len(self.rounds):
            self.line.value = "All pictures are done. Run the next cell."
            self.canvas.layout.display = "none"
            return
        round_, picture = divmod(self.place, len(self.images))
        said = f"Round {round_ + 1}, picture {picture + 1} of {len(self.images)}"
        self.line.value = f"<b>{said}.</b> Draw a box around each flower, then press Submit. Skip leaves the picture as it is."
        kept = self.rounds[round_][picture]
        with self.canvas.hold_sync():
            self.canvas.image_bytes = _png(self.images[picture])
            self.canvas.bboxes = from_corners(kept)


def to_corners(drawn: list[dict]) -> list[list[float]]:
    """The widget's boxes (x, y, width, height of the enlarged picture) as [x0, y0, x1, y1]; a mere click is no box."""
    corners = []
    for box in drawn:
        sides = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
        if box["width"] > 0 and box["height"] > 0:
            corners.append([round(side / ZOOM, 1) for side in sides])
    return corners


def from_corners(boxes) -> list[dict]:
    """Boxes [x0, y0, x1, y1] as the widget wants them."""
    drawn = []
    for x0, y0, x1, y1 in boxes:
        x, y, width, height = (round(float(side) * ZOOM) for side in (x0, y0, x1 - x0, y1 - y0))
        drawn.append({"x": x, "y": y, "width": width, "height": height, "label": "flower"})
    return drawn


def _png(image) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.fromarray(image)
    picture.resize((picture.width * ZOOM, picture.height * ZOOM), Image.Resampling.BICUBIC).save(buffer, format="PNG")
    return buffer.getvalue()
