"""Declare an exercise: what is right, and what each known mistake would have given.

A mistake is declared once, as the value or the function that it yields, under the message it deserves. From that the judge
recognizes it in an answer, and the tests hand it in as an answer and expect the message (tests/test_checks.py). Of two
mistakes that yield the same everywhere only the first could ever be named, so the tests refuse the second: add a case that
tells them apart, or one message that names both.

In a message, `{case}` becomes the call or the element that is wrong, and `{got}` what came out.
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .calling import call, called
from .expect import choice
from .networks import Sketch, adopt, cheap_weights, holds_network, is_model, materialized
from .outcome import NotAttempted, Wrong
from .probes import probe_rng, salt
from .values import as_mapping, at, difference, plain, same, scale_of, shortened
from .vary import COUNT, Variation, finite


class Given:
    """The arguments of a case, where some are passed by keyword: `Given(9, 3, stride=2)`. Use it only if the text names them."""

    def __init__(self, *arguments, **options):
        self.arguments, self.options = arguments, options

    def __str__(self) -> str:
        named = [f"{name}={_shown(value)}" for name, value in self.options.items()]
        return ", ".join([*map(_shown, self.arguments), *named])


class Either:
    """Several values, or functions, that share one message."""

    def __init__(self, *mistakes):
        self.mistakes = mistakes


_explaining = True


@contextlib.contextmanager
def verdicts_only():
    """Within the block, a function that is wrong is not compared with the known mistakes: for those who only count."""
    global _explaining
    _explaining = False
    try:
        yield
    finally:
        _explaining = True


class Value:
    """An answer that is a value: a number, a word, an array, or a list, tuple, dictionary or set of them.

    `mistakes`: message → the wrong value. For a list or a dictionary it may be a dictionary of the elements that are wrong
    (index or key → value); the others are right. `tolerance` is absolute; float32's accuracy is always allowed.
    `what` names the answer in messages, by default its variable.
    """

    def __init__(self, expected, mistakes: Mapping | None = None, *, tolerance: float = 0, what: str | None = None):
        self.expected, self.mistakes = expected, mistakes or {}
        self.tolerance, self.what = tolerance, what

    def judge(self, name: str, answer) -> None:
        expected, found = plain(self.expected), plain(answer)
        if same(found, expected, tolerance=self.tolerance):
            return
        known = [(message, [plain(value)]) for message, value in self.wrong_answers()]
        what = self.what or f"`{name}`"
        raise Wrong(
            _likely(
                [found],
                [expected],
                known,
                lambda i, j: what if j is None else at(what, j),
                by_element=True,
                tolerance=self.tolerance,
            )
            or difference(found, expected, what, tolerance=self.tolerance)
        )

    def right_answer(self):
        return self.expected

    def wrong_answers(self):
        """(message, whole wrong answer) of each known mistake."""
        for message, mistake in _each(self.mistakes):
            yield message, _merged(self.expected, mistake)


class Choice:
    """An answer that is one word of `options`. `mistakes`: message → the wrong word."""

    def __init__(self, expected: str, options: Sequence[str], mistakes: Mapping[str, str] | None = None):
        if expected not in options:
            raise ValueError(f"{expected!r} is none of the options {options}")
        self.expected, self.options, self.mistakes = expected, tuple(options), mistakes or {}

    def judge(self, name: str, answer) -> None:
        choice(answer, self.expected, self.options, mistakes=dict(_each(self.mistakes)), what=f"`{name}`")

    def right_answer(self):
        return self.expected

    def wrong_answers(self):
        yield from _each(self.mistakes)


class Function:
    """An answer that is a function: on each case it must return what `reference` returns.

    `cases`: a list of argument tuples, or a dictionary from the case's description ("for a 5×5 image") to them, or a function
    of a random generator that makes either (see `probes`). Arguments are passed by position, unless a case is a `Given`.
    `mistakes`: message → the function as the mistake would write it. `forbidden`: library functions or modules that the
    exercise asks to do without ("np.convolve"), message → names. `view` is applied to every result before it is compared
    (`sorted`, say, where the order does not matter). `dropout`: for networks, compare the dropout rates too. `builds`: each
    function builds a large model from values; a check then recognizes ours by their structure, without making their weights.
    """

    def __init__(
        self,
        reference: Callable,
        cases,
        mistakes: Mapping[str, Callable] | None = None,
        *,
        tolerance: float = 0,
        forbidden: Mapping[str, Sequence[str]] | None = None,
        view: Callable | None = None,
        dropout: bool = False,
        builds: bool = False,
    ):
        self.reference, self.cases, self.mistakes = reference, cases, mistakes or {}
        self.tolerance, self.forbidden, self.view, self.dropout = tolerance, forbidden or {}, view, dropout
        self.builds = builds
        self._prepared: dict[int, tuple] = {}  # what _prepare makes, and
        self._mistaken: dict[int, list] = {}  # what mistakes yield, by the salt of the probes

    def judge(self, name: str, answer) -> None:
        labels, cases, expected, scale = self._prepare(name)
        limits = {"tolerance": self.tolerance, "scale": scale}
        results = []
        for case, wanted in zip(cases, expected, strict=True):
            results.append(self._run(answer, case, wanted))
            self._recognize(results[-1], len(results) - 1, cases, expected)
            if isinstance(results[-1], Wrong) or not same(results[-1], wanted, **limits):
                break
        else:
            self._forbid(answer, cases[0])
            return
        failed = len(results) - 1
        explained = self._explain(name, answer, results, labels, cases, expected, limits)
        if explained or isinstance(results[failed], Wrong):
            raise Wrong(explained) if explained else results[failed]
        what, case = f"`{name}({cases[failed]})`", labels[failed] or ""
        raise Wrong(difference(results[failed], expected[failed], "It" if case else what, case, **limits))

    def _recognize(self, found, i: int, cases, expected) -> None:
        """Wrong if the answer to a case is built exactly as a known mistake is: then nothing has to be measured."""
        structure = getattr(found, "structure", None)
        if not self.builds or structure is None or structure == getattr(expected[i], "structure", None):
            return
        for message, mistaken in self._known(cases, expected):
            if getattr(mistaken[i], "structure", None) == structure:
                raise Wrong(message)

    def _known(self, cases, expected) -> list:
        """(message, results in all cases) of each known mistake."""
        if salt() not in self._mistaken:

            def run(mistake):
                return _OnDemand(lambda i: self._ours(mistake, cases[i], expected[i]), len(cases))

            self._mistaken[salt()] = [(message, run(mistake)) for message, mistake in self.wrong_answers()]
        return self._mistaken[salt()]

    def _explain(self, name, answer, results, labels, cases, expected, limits) -> str | None:
        if not _explaining:
            return None
        for case, wanted in zip(cases[len(results) :], expected[len(results) :], strict=True):
            try:
                results.append(self._run(answer, case, wanted))
            except NotAttempted:
                results.append(Wrong("not attempted here"))
        known = self._known(cases, expected)

        def named(i, j):
            return labels[i] or (f"`{name}({cases[i]})`" if j is None else at(f"`{name}({cases[i]})`", j))

        return _likely(results, expected, known, named, **limits)

    def _run(self, function, case: Given, expected=None):
        """The plain result of one call, or the Wrong that it ends in; NotAttempted gets through."""
        try:
            arguments, options = materialized(case.arguments, case.options)
            with cheap_weights() if holds_network(expected) else contextlib.nullcontext():
                result = adopt(call(function, *arguments, **options), arguments, expected, dropout=self.dropout)
            return self._viewed(result)
        except Wrong as error:
            return error.with_traceback(None)

    def _viewed(self, result):
        """The result as it is compared. One that `view` cannot look at is of another kind, and is compared as it is."""
        if self.view is None:
            return result
        try:
            return plain(self.view(result))
        except (Wrong, NotAttempted):
            raise
        except Exception:
            return result

    def _ours(self, function, case: Given, expected=None):
        """As `_run`, for the reference and, with the reference's result, for a mistake."""
        if self.builds:
            try:
                sketch = Sketch(
                    lambda: call(function, *case.arguments, **case.options), dropout=self.dropout, mistake=expected is not None
                )
            except Wrong as error:
                return error.with_traceback(None)
            if sketch.structure is not None:
                return sketch
        return self._run(function, case, expected)

    def _prepare(self, name: str) -> tuple:
        """(labels, cases, expected results, the size of the numbers), made once for each salt."""
        if salt() not in self._prepared:
            cases = self.cases(probe_rng(name)) if callable(self.cases) else self.cases
            labels = list(cases) if isinstance(cases, Mapping) else [None] * len(cases)
            given = [_given(case) for case in (cases.values() if isinstance(cases, Mapping) else cases)]
            expected = [self._ours(self.reference, case) for case in given]
            for result in expected:
                if isinstance(result, Wrong):
                    raise RuntimeError(f"the reference of {name} fails: {result}") from result.cause
            if salt() and not callable(self.cases):
                self._vary(probe_rng(name), labels, given, expected)
            self._prepared[salt()] = labels, given, expected, scale_of(expected)
        return self._prepared[salt()]

    def _vary(self, rng, labels: list, given: list, expected: list) -> None:
        """Add cases that nobody has seen to public ones, where the reference has a result for them."""
        for label, case, result in list(zip(labels, given, expected, strict=True)):
            if holds_network(result) or not (case.arguments or case.options):
                continue  # whoever builds the network has the answer, and needs no table
            for _ in range(COUNT):
                change = Variation(rng, [*case.arguments, *case.options.values()])
                options = {key: change.of(value) for key, value in case.options.items()}
                other = Given(*map(change.of, case.arguments), **options)
                result = self._run(self.reference, other)
                if not isinstance(result, Wrong) and finite(result):
                    labels.append(label)
                    given.append(other)
                    expected.append(result)

    def _forbid(self, answer, case: Given) -> None:
        for message, names in self.forbidden.items():
            arguments, options = materialized(case.arguments, case.options)
            found = called(answer, (names,) if isinstance(names, str) else tuple(names), *arguments, **options)
            if found:
                raise Wrong(message.replace("{got}", found[0]))

    def right_answer(self):
        return self.reference

    def wrong_answers(self):
        yield from _each(self.mistakes)


class Model(Function):
    """An answer that is a Keras model, or a function without arguments that builds one; judged by what it computes.

    `reference` and each of `mistakes` are functions that build a model, see `networks.Network` for what is compared.
    """

    def __init__(self, reference: Callable, mistakes: Mapping[str, Callable] | None = None, *, dropout: bool = False):
        super().__init__(reference, [()], mistakes, dropout=dropout, builds=True)

    def _run(self, function, case: Given, expected=None):
        if not is_model(function):
            return super()._run(function, case, expected)
        try:
            return adopt(function, (), expected, dropout=self.dropout)
        except Wrong as error:
            return error.with_traceback(None)


class Declaration:
    """The answers of one exercise by name, and a free-form judge that comes after them."""

    def __init__(self, answers: Mapping[str, Value | Choice | Function], then: Callable | None = None):
        if not answers:
            raise ValueError("a declared exercise has at least one answer")
        self.answers, self.then = dict(answers), then

    def judge(self, *answers) -> None:
        for (name, part), answer in zip(self.answers.items(), answers, strict=True):
            part.judge(name, answer)
        if self.then is not None:
            self.then(*answers)

    def right_answers(self) -> tuple:
        return tuple(part.right_answer() for part in self.answers.values())

    def wrong_answers(self):
        """(name of the answer, message, all answers with this one wrong) of each known mistake."""
        right = self.right_answers()
        for i, (name, part) in enumerate(self.answers.items()):
            for message, mistake in part.wrong_answers():
                yield name, message, (*right[:i], mistake, *right[i + 1 :])


# ---------------------------------------------------------------- recognizing a mistake


def _likely(found: list, expected: list, known, named: Callable, *, by_element: bool = False, **limits) -> str | None:
    """The message of the known mistake that explains everything that is wrong in `found`, case by case; or None.

    Of several it is the one that agrees with the answer in most cases, right ones included. If none explains everything, one that
    explains all that is wrong with the first wrong element of the results, and changes no other, is named. `by_element`: `{case}`
    in a message names the element, so that the message speaks of no other.
    """
    failed = [i for i, (f, e) in enumerate(zip(found, expected, strict=True)) if not _alike(f, e, limits)]
    case, element = _first(found, expected, failed, limits)
    best, most = None, -1
    for message, mistaken in known:
        if all(_explains(mistaken[i], found[i], expected[i], limits) for i in failed):
            agreeing = sum(_alike(found[i], mistaken[i], limits) for i in range(len(found)))
            if agreeing > most:
                best, most = message, agreeing
            if most == len(found):
                break
    if best is None and element is not None:
        for message, mistaken in known:
            if all(_explains(mistaken[i], found[i], expected[i], limits, only=element) for i in failed) and (
                (by_element and "{case}" in message) or _changes_only(element, mistaken, expected, limits)
            ):
                best = message
                break
    if best is None:
        return None
    whole = element is None or isinstance(found[case], Wrong)
    got = found[case] if whole else _elements(found[case], expected[case])[element]
    named_element = element if by_element or "{got}" in best else None
    return best.replace("{case}", named(case, named_element)).replace("{got}", shortened(_shown(got), 80))


class _OnDemand(Sequence):
    """Results of a mistake, each computed when it is first asked for: most mistakes are ruled out by one case."""

    def __init__(self, compute: Callable, size: int):
        self._compute, self._size, self._known = compute, size, {}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, i: int):
        if i >= self._size:
            raise IndexError(i)
        if i not in self._known:
            self._known[i] = self._compute(i)
        return self._known[i]


def _explains(mistaken, found, expected, limits: dict, only=None) -> bool:
    """Whether all that is wrong in one result is as the mistake has it; of `only` one element, if given."""
    got, wrong, right = _elements(found, expected), _elements(mistaken, expected), _elements(expected, expected)
    if got is None or wrong is None or right is None:
        return _alike(found, mistaken, limits)
    wanted = right if only is None else right.keys() & {only}  # cases may differ in length and in keys
    return all(same(got[j], right[j], **limits) or same(got[j], wrong[j], **limits) for j in wanted)


def _changes_only(element, mistaken: list, expected: list, limits: dict) -> bool:
    return all(
        same(m, right, **limits)
        for mistake, e in zip(mistaken, expected, strict=True)
        for j, right in (_elements(e, e) or {}).items()
        if j != element and (m := (_elements(mistake, e) or {}).get(j)) is not None
    )


def _first(found: list, expected: list, failed: list[int], limits: dict):
    """(index of the first case that is wrong, key of its first element that is wrong or None)."""
    i = failed[0]
    got, right = _elements(found[i], expected[i]), _elements(expected[i], expected[i])
    if got is None or right is None:
        return i, None
    return i, next((j for j in right if not same(got[j], right[j], **limits)), None)


def _alike(found, mistaken, limits: dict) -> bool:
    """Whether two outcomes are the same: equal results, or the same kind of failure for the same reason."""
    if isinstance(found, Wrong) and isinstance(mistaken, Wrong):
        if found.cause is None or mistaken.cause is None:
            return found.cause is mistaken.cause and str(found) == str(mistaken)
        return type(found.cause) is type(mistaken.cause) and _gist(found.cause) == _gist(mistaken.cause)
    return not isinstance(found, Wrong) and not isinstance(mistaken, Wrong) and same(found, mistaken, **limits)


def _gist(error: BaseException) -> str:
    """The words of an exception and the shapes it names, without names and numbers that differ from answer to answer."""
    words, shapes = [word for word in str(error).split() if word.isalpha()], re.findall(r"\((?:None|[\d, ])+\)", str(error))
    return " ".join(words)[:60] + "".join(sorted(shapes))


def _elements(value, expected) -> dict | None:
    """The elements of a plain list or dictionary that looks like `expected`; None for anything else."""
    if isinstance(value, Wrong) or isinstance(expected, Wrong):
        return None
    if isinstance(expected, Mapping):
        return as_mapping(value, expected)
    if not isinstance(expected, list) or not isinstance(value, (list, np.ndarray)):
        return None
    return {j: plain(element) for j, element in enumerate(value)} if len(value) == len(expected) else None


def _each(mistakes: Mapping):
    for message, mistake in mistakes.items():
        for each in mistake.mistakes if isinstance(mistake, Either) else (mistake,):
            yield message, each


def _merged(expected, mistake):
    """The whole wrong answer: elements of `mistake` in the place of the right ones."""
    if isinstance(mistake, Mapping) and isinstance(expected, Mapping):
        return {**expected, **mistake}
    if isinstance(mistake, Mapping) and isinstance(expected, (list, tuple)):
        return [mistake.get(j, right) for j, right in enumerate(expected)]
    return mistake


def _given(case) -> Given:
    if isinstance(case, Given):
        return case
    return Given(*case) if isinstance(case, tuple) else Given(case)


def _shown(value) -> str:
    if hasattr(value, "shape"):
        return f"array of shape {tuple(value.shape)}" if value.shape else f"{value:.6g}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)) and len(value) > 12:
        return f"{type(value).__name__} of {len(value)}"
    return shortened(repr(value), 60)
