"""Judge answers: right, not attempted yet, or wrong with the likely mistake by name.

A lab calls four functions: `start(lab)` once, `answer(exercise, …)` after each exercise, `hint(exercise)` when stuck and
`report()` at the end. The checks themselves live in `utils/lessons/labNN/checks.py`. Most are declared, with `Lab.declare` and
`Value`, `Choice`, `Function` or `Model`; a judge that needs more is a function written with `call`, `expect`, `number`, `array`,
`choice`, `need` and `wrong`. A check never crashes on a bad answer, never changes the student's variables, and stops an endless
loop after a few seconds of work.

    values      reads answers in any form, compares them, puts the difference into words
    calling     calls students' code: copies, silence, counted lines
    excuses     tells an exception by the student's line and its cause
    networks    compares Keras models by what they compute
    declare     an exercise from its reference and its known mistakes
    expect      what free-form judges say
    limits      ends what takes too long
    apart       judges in a process of its own, where that is possible
    lab         exercises, and the judgement of an answer
    session     what a student calls
    vary        other cases than the public ones, for a grader
"""

from .calling import call, called, count_lines, no_loop
from .declare import Choice, Declaration, Either, Function, Given, Model, Value
from .expect import array, choice, expect, number
from .lab import Exercise, Lab, judge
from .limits import SECONDS, TooLong, time_limit
from .networks import Input, Network, steps
from .outcome import RIGHT, UNATTEMPTED, WRONG, NotAttempted, Outcome, Wrong, need, wrong
from .probes import probe_rng, salt_probes
from .session import Session, answer, hint, outcome, report, score, start
from .values import as_array, as_list, as_number, plain, same

__all__ = [
    "RIGHT",
    "SECONDS",
    "UNATTEMPTED",
    "WRONG",
    "Choice",
    "Declaration",
    "Either",
    "Exercise",
    "Function",
    "Given",
    "Input",
    "Lab",
    "Model",
    "Network",
    "NotAttempted",
    "Outcome",
    "Session",
    "TooLong",
    "Value",
    "Wrong",
    "answer",
    "array",
    "as_array",
    "as_list",
    "as_number",
    "call",
    "called",
    "choice",
    "count_lines",
    "expect",
    "hint",
    "judge",
    "need",
    "no_loop",
    "number",
    "outcome",
    "plain",
    "probe_rng",
    "report",
    "salt_probes",
    "same",
    "score",
    "start",
    "steps",
    "time_limit",
    "wrong",
]
