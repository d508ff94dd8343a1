"""Runs outside the student's process: holds the checks, calls the student's functions through frames, and alone says what is
right.

One process imports the libraries once, and forks for every session; TensorFlow has computed nothing before the fork, since it
does not survive one after. It never executes a line of a student's and never unpickles; models are built anew from plain data
(see `graphs`).
"""

import builtins
import contextlib
import importlib
import json
import os
import random
import secrets
import select
import signal
import socket
import sys
from dataclasses import dataclass, field

import numpy as np

from utils import check
from utils.check import RIGHT, Challenge, Exercise, NotAttempted, Outcome, TooLong, Wrong, need
from utils.check.lab import judged
from utils.check.values import shortened

from . import chance, graphs
from .sources import calls, code_of, tampering
from .wire import CHALLENGE, Channel, Closed, Malformed, decode, encode


class Gone(BaseException):
    """The student's process has ended, or talks nonsense; no judge may take this for an answer."""


@dataclass
class Session:
    """One student's process, and the supervisor's wish to stop."""

    channel: Channel
    control: socket.socket
    job: dict
    callbacks: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    models: list = field(default_factory=list)
    judging: str = ""

    def __post_init__(self):
        self.channel.pause = self._listen

    def tell(self, event: str, **more) -> None:
        """An event for the supervisor: a line of JSON."""
        self.control.sendall(json.dumps({"event": event, **more}).encode() + b"\n")

    def _listen(self) -> None:
        if select.select([self.control], [], [], 0)[0]:
            self.control.recv(100)
            raise TooLong

    def run(self) -> None:
        """Judge what the student's process answers, until it ends."""
        module = importlib.import_module(f"utils.lessons.{self.job['lab']}.checks")
        salt_everything(self.job["salt"])
        token = secrets.token_bytes(16)
        self.channel.send(self.job["student"] | {"token": token.hex()})
        self.channel.expected = token
        open_, stopped = set(self.job["open"]), {}
        while True:
            message = self.channel.receive()
            op = message.get("op")
            if op == "end":
                break
            elif op == "ready":
                self.tell("ready")
            elif op == "cell":
                self.tell("cell", number=int(message["number"]))
            elif op == "stopped":
                text = f"The cell stops with {str(message['kind'])[:80]}: {str(message['text'])[:2000]}"
                stopped[int(message["number"])] = text
                self.tell("stopped", number=int(message["number"]), text=shortened(text, 300))
            elif op in ("answer", "missing"):
                name = str(message["name"])
                if name in open_:  # the first answer counts, so nobody can try one after another
                    open_.discard(name)
                    self.judging = name
                    self.tell("began", name=name)
                    task = Entered.of(module.lab.challenge, self.job["salt"]) if name == CHALLENGE else module.lab.exercises[name]
                    outcome = self.outcome(task, message, stopped.get(self.job["cells"].get(name)))
                    self.tell("outcome", name=name, status=outcome.status, message=outcome.message)
                    self.judging = ""
                self.channel.send({"op": "done"})
            elif op == "callback":  # of a pipeline that still prefetches
                self.channel.send(self._called_back(message))
            else:
                raise Malformed("an unknown message")
        self.tell("end")

    def outcome(self, task, message: dict, stopped: str | None) -> Outcome:
        if message["op"] == "missing":
            variable = str(message["variable"])[:80]
            said = stopped or f"The check line stops with NameError: name '{variable}' is not defined"
            return Outcome(check.WRONG, said)
        try:
            answers = [decode(each, self.resolve) for each in message["answers"]]
            outcome = judged(task, answers)
            return Outcome(RIGHT, repr(task.score)) if isinstance(task, Entered) and outcome.status == RIGHT else outcome
        except TooLong:
            said = Outcome(check.WRONG, f"Stopped after {task.seconds:g} seconds of work. Is there a loop that never ends?")
            self.tell("outcome", name=task.name, status=said.status, message=said.message)
            raise
        except Wrong as error:
            return Outcome(check.WRONG, str(error))

    def source(self) -> str:
        """The student's cell for the exercise that is being judged."""
        return self.job["sources"].get(self.judging, "")

    # ------------------------------------------------------------ calls

    def ask(self, message: dict):
        """Send a request to the student's process, serve its callbacks, and return what it answers."""
        try:
            self.channel.send(message)
            while True:
                reply = self.channel.receive()
                if reply.get("op") != "callback":
                    return reply
                self.channel.send(self._called_back(reply))
        except (Closed, Malformed) as error:
            raise Gone from error

    def value(self, message: dict, given: tuple = (), *, raw: bool = False):
        """The value that the student's process returns; what it did to the arguments is done to `given`. `raw`: not decoded."""
        reply = self.ask(message)
        try:
            if reply["op"] == "unattempted":
                raise NotAttempted
            if reply["op"] == "wrong":
                raise Wrong(str(reply["text"])[:4000], _cause(reply))
            if reply["op"] != "return":
                raise Malformed("an unknown message")
            if reply.get("drew"):  # from the random numbers that a whole notebook shares
                np.random.random()
                random.random()
            if reply["after"] is not None:
                for mine, theirs in zip(given, reply["after"], strict=True):
                    _overwrite(mine, decode(theirs, self.resolve))
            if raw:
                return reply["v"]
            result = decode(reply["v"], self.resolve)
            shared = None if reply.get("shares") is None else given[reply["shares"]]
            if isinstance(shared, np.ndarray) and isinstance(result, np.ndarray):
                return _within(shared, result)
            return result
        except (Malformed, KeyError, IndexError, TypeError, ValueError) as error:
            raise Wrong("What your function returns cannot be read by the grader.", error) from None

    def _called_back(self, message: dict) -> dict:
        try:
            symbols: list = []
            arguments = [decode(each, lambda reference: self._symbol(reference, symbols)) for each in message["a"]]
            options = {str(key): decode(each, self.resolve) for key, each in message["o"].items()}
            function = self.callbacks[message["id"]]
            result = function(*arguments, **options)
            if symbols:
                return {"op": "result", "graph": graphs.dismantle(symbols, result)}
            return {"op": "result", "v": encode(check.plain(result), self.refer)}
        except Exception as error:
            return {"op": "failed", "kind": type(error).__name__, "text": str(error)[:2000]}

    def _symbol(self, reference: dict, symbols: list):
        """A symbolic input like the one for which the student's process calls one of the check's functions."""
        if reference.get("$") == "eager":
            import tensorflow as tf

            return tf.constant(reference["v"])
        if reference.get("$") != "symbol":
            return self.resolve(reference)
        import keras

        shape = tuple(None if n is None else int(n) for n in reference["shape"][:6])
        symbols.append(keras.Input(shape, dtype=str(reference["dtype"])[:20]))
        return symbols[-1]

    # ------------------------------------------------------------ values

    def refer(self, value) -> dict:
        """A reference to what cannot travel: the check's own functions, models and symbolic inputs."""
        keras = sys.modules.get("keras")
        if isinstance(value, Remote):
            return {"$": "mine", "id": value._number}
        if isinstance(value, np.ufunc) or (callable(value) and getattr(np, getattr(value, "__name__", ""), None) is value):
            return {"$": "numpy", "v": value.__name__}
        if keras is not None and isinstance(value, keras.Model):
            self.models.append(value)
            graph = graphs.dismantle_model(value, keep=self._own_layer)
            return {"$": "model", "id": len(self.models) - 1, "graph": graph}
        if keras is not None and isinstance(value, keras.KerasTensor):
            self.inputs.append(value)
            return {"$": "input", "id": len(self.inputs) - 1, "shape": list(value.shape[1:]), "dtype": str(value.dtype)}
        if callable(value):
            self.callbacks.append(value)
            return {"$": "judge", "id": len(self.callbacks) - 1}
        if hasattr(value, "__array__"):
            return encode(np.asarray(value), self.refer)
        raise TypeError(f"a {type(value).__name__} cannot be handed to a student's function")

    def _own_layer(self, layer) -> dict:
        """A layer of the check's own: the student's process has it computed here, and knows its shapes."""
        import keras

        self.callbacks.append(layer)
        tensor = keras.Input(layer.input.shape[1:], dtype=layer.input.dtype)
        return {"foreign": len(self.callbacks) - 1, "graph": graphs.dismantle([tensor], layer(tensor))}

    def _given_back(self, reference: dict):
        """A model of the check's, with the settings that the student's process left in its copy."""
        model = self.models[reference["id"]]
        model.trainable = bool(reference["trainable"])
        for layer, flag in zip(model.layers, reference["layers"], strict=True):
            layer.trainable = bool(flag)
        return model

    def resolve(self, reference: dict):
        kind = reference.get("$")
        try:
            if kind == "given":
                return self._given_back(reference)
            if kind == "function":
                remote = _named(Remote, str(reference["kind"]))(self, int(reference["id"]), str(reference["name"]))
                return _as_class(remote) if reference.get("class") is True else remote
            if kind == "model":
                return graphs.rebuild_model(reference["graph"])
            if kind == "deferred":
                return _deferred()(self, int(reference["id"]))
            if kind == "tensor":
                tensors = [self.inputs[number] for number in reference["inputs"]]
                return graphs.rebuild(reference["graph"], tensors)
            if kind == "dataset":
                return Dataset(self, int(reference["id"]))
            if kind == "object":
                return _named(Opaque, str(reference["kind"]))()
            if kind == "unreadable":
                name, text = str(reference["kind"])[:60], shortened(reference["text"])
                raise Wrong(f"This {name} cannot be read: {text}.")
        except (Wrong, Malformed):
            raise
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise Malformed("a broken reference") from error
        except Exception as error:  # Keras refuses what was asked of it
            raise Wrong(f"The model cannot be built again: {type(error).__name__}: {shortened(error)}") from None
        raise Malformed("an unknown reference")


class Entered(Exercise):
    """A lab's challenge, judged like an exercise; `score` is what was measured."""

    score: float | None = None

    @classmethod
    def of(cls, challenge: Challenge, salt: int) -> "Entered":
        def measure(*entry) -> None:
            found = float(challenge.measure(*entry, np.random.default_rng([salt, *CHALLENGE.encode()])))
            need(np.isfinite(found), "The score is no number.")
            object.__setattr__(made, "score", found)

        made = cls(CHALLENGE, challenge.title, measure, ("", ""), 0, challenge.seconds)
        return made


class Remote:
    """A student's function; called like any other."""

    def __init__(self, session: Session, number: int, name: str):
        self._session, self._number, self.__name__ = session, number, name
        code = code_of(session.source(), name)
        if code is not None:
            self.__code__ = code  # of the submitted source, compiled and never run: checks read names from it

    def __call__(self, *arguments, **options):
        a = [encode(each, self._session.refer) for each in arguments]
        o = {key: encode(each, self._session.refer) for key, each in options.items()}
        message = {"op": "call", "id": self._number, "a": a, "o": o, "numbers": chance.since_the_start()}
        return self._session.value(message, arguments)

    def count_lines(self, *arguments, **options) -> int:
        """See `utils.check.count_lines`."""
        return self.run_there(check.count_lines, *arguments, **options)

    def called(self, names, *arguments, **options) -> list[str]:
        """See `utils.check.called`; what the submitted source says counts too."""
        return calls(self._session.source(), names) or self.run_there(check.called, names, *arguments, **options)

    def run_there(self, helper, *arguments, **options):
        """What the course's own function `helper` returns for this function, computed where the function lives.

        Such helpers watch how an answer is written. Whoever could tamper with watching gets no points for the way.
        """
        session = self._session
        found = tampering(session.job["code"])
        if found:
            raise Wrong(f"The grader cannot see how this is computed, since the notebook uses `{found}`.")
        a = [encode(each, session.refer) for each in arguments]
        o = {key: encode(each, session.refer) for key, each in options.items()}
        return session.value(
            {"op": "help", "module": helper.__module__, "name": helper.__name__, "id": self._number, "a": a, "o": o}
        )


def _as_class(remote: Remote) -> type:
    """A class of the student's: checks that ask see one. It is called, counted and watched like any other function."""

    class Theirs(type):
        def __call__(cls, *arguments, **options):
            return remote(*arguments, **options)

    watched = {name: staticmethod(getattr(remote, name)) for name in ("count_lines", "called", "run_there")}
    return Theirs(remote.__name__ if remote.__name__.isidentifier() else "Class", (), watched)


class Dataset:
    """A student's `tf.data.Dataset`; it can be read from the start."""

    def __init__(self, session: Session, number: int):
        self._session, self._number = session, number

    def take(self, count: int) -> list:
        import tensorflow as tf

        found = self._session.value({"op": "take", "id": self._number, "count": int(count)})
        return [tuple(map(tf.constant, each)) if isinstance(each, (list, tuple)) else tf.constant(each) for each in found]

    def __iter__(self):
        return iter(self.take(100_000))

    @property
    def element_spec(self):
        import tensorflow as tf

        def spec(each):
            kind, parts = each["kind"], each.get("parts", ())
            if kind == "dict":
                return {key: spec(part) for key, part in parts.items()}
            if kind in ("tuple", "list"):
                return {"tuple": tuple, "list": list}[kind](map(spec, parts))
            return _named(Opaque, str(kind))() if kind else tf.TensorSpec(each["shape"], each["dtype"])

        return spec(self._session.value({"op": "spec", "id": self._number}))

    @property
    def __class__(self):  # checks ask whether it is one of TensorFlow's
        import tensorflow as tf

        return tf.data.Dataset


class Opaque:
    """Something that is no answer to any exercise; messages name its type."""


def _deferred():
    """The class of models that learn their architecture from the student's process when they first see an input."""
    import keras

    if not _DEFERRED:

        class Deferred(keras.Model):
            def __init__(self, session: Session, number: int):
                super().__init__()
                self._ask = lambda shape: session.value({"op": "graph", "id": number, "shape": shape}, raw=True)

            def build(self, shape):
                self.inside = graphs.rebuild_model(self._ask(list(shape[1:])))
                self.built = True

            def call(self, x, training=None):
                return self.inside(x, training=training)

        _DEFERRED.append(Deferred)
    return _DEFERRED[0]


_DEFERRED: list[type] = []
_NAMED: dict[tuple, type] = {}


def _named(base: type, name: str) -> type:
    """A subclass with the student's type name, which messages say."""
    name = name if name.isidentifier() and len(name) < 60 else "object"
    if (base, name) not in _NAMED:
        _NAMED[base, name] = type(name, (base,), {})
    return _NAMED[base, name]


def _cause(reply: dict) -> BaseException | None:
    """An exception as the student's process had it, of the same class where it is one of Python's or a library's."""
    if "kind" not in reply:
        return None
    module, name = str(reply.get("module")), str(reply["kind"])[:80]
    found = getattr(builtins, name, None)
    if module.partition(".")[0] in ("numpy", "tensorflow", "keras") and module in sys.modules:
        found = getattr(sys.modules[module], name, None)
    if not (isinstance(found, type) and issubclass(found, Exception)):
        return _named(Exception, name)(str(reply.get("cause")))
    error = found.__new__(found)
    error.args = (str(reply.get("cause")),)
    error.__dict__.update(_message=error.args[0], _op=None, _node_def=None)  # as TensorFlow's exceptions keep it
    return error


def _within(shared: np.ndarray, result: np.ndarray) -> np.ndarray:
    """The caller's own array where the student's function returned that; a view of it with other values stays a copy."""
    if result.shape == shared.shape and result.dtype == shared.dtype and np.array_equal(result, shared):
        return shared
    return result


def _overwrite(mine, theirs) -> None:
    """Give a container of ours the content that the student's process left in its copy."""
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray) and mine.shape == theirs.shape:
        mine[...] = theirs
    elif isinstance(mine, list) and isinstance(theirs, list):
        mine[:] = theirs
    elif isinstance(mine, dict) and isinstance(theirs, dict):
        mine.clear()
        mine.update(theirs)


def salt_everything(salt: int) -> None:
    """Draw other random probes from now on, those too that a check draws from a generator with a fixed seed."""
    check.salt_probes(salt)
    usual = np.random.default_rng

    def salted(seed=None):
        return usual([salt, *np.atleast_1d(seed)]) if isinstance(seed, (int, list, tuple)) else usual(seed)

    np.random.default_rng = salted


# ---------------------------------------------------------------- the process


def serve(requests: socket.socket) -> None:
    """Fork for each session: the supervisor sends three descriptors, from the student, to it, and its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        text, descriptors, _, _ = socket.recv_fds(requests, 1, 3)
        if not text:
            return
        if os.fork() == 0:
            requests.close()
            try:
                _session(*descriptors)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _session(reader: int, writer: int, control: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=control) as events:
        job = b""
        while not job.endswith(b"\n"):
            job += events.recv(1 << 20)
        session = Session(Channel(reader, writer), events, json.loads(job))
        try:
            session.run()
        except (Closed, Gone):
            session.tell("gone", name=session.judging)
        except TooLong:
            session.tell("stopped-judging", name=session.judging)
        except Malformed as error:
            session.tell("malformed", name=session.judging, text=str(error)[:200])
        except BaseException as error:
            session.tell("failed", name=session.judging, text=f"{type(error).__name__}: {shortened(error)}")


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    for module in ("keras", "scipy.signal", "scipy.stats", "sklearn.datasets"):  # imported once, for all sessions
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for lab in sys.argv[2:]:
        importlib.import_module(f"utils.lessons.{lab}.checks")
    requests.sendall(b"ready\n")
    serve(requests)


if __name__ == "__main__":
    main()
