"""Say in our words what went wrong inside a student's function: their line, the cause, no line of a library."""

import linecache
import os
import re
import sysconfig
from pathlib import Path

from .outcome import tidy
from .values import shortened

_OURS = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = tuple(
    {os.path.realpath(p) for p in (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))}
)

_LAYER = r"Input \d+ [^\n]*?of layer ['\"](.*?)['\"] is incompatible with the layer: "

# What libraries say, and what it means; the first match counts.
_CAUSES = tuple(
    (re.compile(f"(?s).*{pattern}.*"), words)
    for pattern, words in (
        (
            r"operands could not be broadcast together with (?:remapped )?shapes (\(.*\) \(.*?\))",
            r"the shapes \1 do not fit together",
        ),
        (
            r"matmul: Input operand 1 has a mismatch in its core dimension.*size (\d+) is different from (\d+)",
            r"the matrices do not fit: \2 columns meet \1 rows",
        ),
        (r"shapes (\(.*?\)) and (\(.*?\)) not aligned: ", r"the shapes \1 and \2 do not fit in a matrix product"),
        (
            _LAYER + r"expected axis -1 of input shape to have value (\d+), "
            r"but received input with shape (\(.*?\))",
            r"the layer `\1` was built for \2 values on the last axis and gets shape \3",
        ),
        (
            _LAYER + r"expected (?:min_)?n?dim=(\d+), found n?dim=(\d+)\. "
            r"Full shape received: (\(.*?\))",
            r"the layer `\1` wants an input with \2 axes and gets shape \4, with \3",
        ),
        (
            r"(?:dimensions in the output is <= 0|output size would be zero|output size would be negative"
            r"|Negative dimension size)",
            "a feature map shrinks to nothing: the window is larger than what is left of it",
        ),
        (
            r"[Ii]nputs have incompatible shapes\. Received shapes (\(.*?\)) and (\(.*?\))",
            r"the summands have different shapes, \1 and \2",
        ),
        (
            r"A `?Concatenate`? layer requires inputs with matching shapes.*?Received: ?(?:input_shape=)?(\[.*\])",
            r"the shapes \1 do not fit side by side",
        ),
        (
            r"Cannot add tensor to the batch: number of elements does not match",
            "the elements that should form a batch differ in shape",
        ),
        (
            r"(?:`?inputs`? not connected to `?outputs`?|Graph disconnected|not connected to .?inputs)",
            "the output does not depend on the input that you name",
        ),
        (
            r"A KerasTensor (?:is symbolic|cannot be used as input to a TensorFlow function)",
            "a TensorFlow or NumPy function gets a symbolic Keras tensor: use a Keras layer or `keras.ops` there",
        ),
        (
            r"too many weights: ([\d,]+) in one array",
            r"a layer would have \1 weights: what comes before it is far too large",
        ),
        (
            r"(?:numpy\(\).*is only available when eager|'(?:Symbolic)?Tensor' object has no attribute 'numpy')",
            "`.numpy()` is called on a tensor that has no values yet",
        ),
        (
            r"(?:has not yet been built|isn't built|has never been called|weights for model .* have not yet been created)",
            "the model does not know the shape of its input yet: begin with `keras.Input(shape)`",
        ),
    )
)


def describe(error: BaseException, returned: bool = False) -> str:
    """The exception with its cause and the line of the student's code that raised it.

    `returned`: the student's function had returned, and what it returned failed afterwards.
    """
    message = cause(error)
    frame = _students_frame(error)
    if frame is None:
        if returned:
            return f"Your function returns, but what it returns cannot be used: {message}."
        return f"Your function cannot be called as the exercise asks: {message}."
    filename, line = frame
    text = linecache.getline(filename, line).strip()
    verb = "What your function returns stops" if returned else "Your function stops"
    return f"{verb} with {message}, in line {line}" + (f": `{shortened(text, 160)}`" if text else ".")


def cause(error: BaseException) -> str:
    """Name and reason of an exception in one line, without colours, paths and frames of libraries."""
    text = tidy(str(error))
    for pattern, words in _CAUSES:
        match = pattern.fullmatch(text)
        if match:
            return f"{type(error).__name__}: {match.expand(words)}"
    layer = re.match(
        r"(?:Exception encountered|Error) when calling (?:layer )?['\"]?([\w.]+?)(?:\.call\(\))?['\"]? ?[^\n]*\.?\n+", text
    )
    if layer:
        text = text[layer.end() :]
    text = re.split(r"\n\s*(?:Arguments received by|Call arguments received|Stack trace|Traceback)", text)[0]
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not re.match(r'File "|at 0x|\[Op:|/\S+\.py', line)]
    text = re.sub(r"\{\{.*?\}\} |\s*\[Op:\w+\].*|<tf\.Tensor.*?>|at 0x[0-9a-f]+", "", " ".join(lines[:2])).strip()
    text = shortened(text, 200).rstrip(".")
    text = f"in `{layer[1]}`, {text}" if layer and text else text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def students_own(filename: str) -> bool:
    """Whether a file is neither Python's, a library's, nor the course's own `utils`."""
    if filename.startswith("<frozen") or filename in ("<string>", "<__array_function__ internals>"):
        return False
    if "__autograph_generated_file" in filename:  # what TensorFlow makes of a function, theirs or ours
        return False
    path = os.path.realpath(filename) if os.path.exists(filename) else filename
    return not path.startswith((_OURS + os.sep, *(lib + os.sep for lib in _LIBRARIES)))


def raised_by_student(error: BaseException) -> bool:
    """Whether the `raise` itself stands in the student's code and not in a library it calls."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and students_own(frame.tb_frame.f_code.co_filename)


def _students_frame(error: BaseException) -> tuple[str, int] | None:
    """File and line of the deepest frame in the student's own code."""
    found = None
    frame = error.__traceback__
    while frame is not None:
        filename = frame.tb_frame.f_code.co_filename
        if students_own(filename):
            found = filename, frame.tb_lineno
        frame = frame.tb_next
    return found
