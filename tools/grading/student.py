"""Runs inside the jail: executes a submission's cells and answers the judge's calls. It knows no check and no expected value.

Nothing that this process says is believed: the judge compares what comes back, and counts nothing else. Started as
`python -m tools.grading.student`, it speaks over its standard input and output (see `wire`); what students print goes nowhere.
"""

import builtins
import contextlib
import importlib
import linecache
import os
import sys
import threading
import time
import types

from tools.grading.wire import Channel, Late, Malformed

# Captured before a line of the student's runs, so that honest mistakes with these names do no harm.
_exit = os._exit


class Cells:
    """The submission's names, and what the judge may refer to in them."""

    def __init__(self, channel):
        self.channel = channel
        self.objects: list = []
        self.inputs: list = []
        self.models: dict[int, object] = {}
        self.lock = threading.RLock()  # one callback at a time
        self.sending, self.reading = threading.Lock(), threading.Lock()
        self.inbox: list[dict] = []  # read by one thread, meant for another
        self.scope = {"__name__": "__main__", "__builtins__": builtins, "display": lambda *_, **__: None}

    # ------------------------------------------------------------ the cells

    def run(self, cells: list[dict]) -> None:
        for cell in cells:
            if cell["kind"] == "check":
                self.answer(cell)
                continue
            self.send({"op": "cell", "number": cell["number"]})
            filename = f"<{cell['name']}>"
            source = cell["source"]
            linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
            try:
                exec(compile(source, filename, "exec"), self.scope)
            except SystemExit:
                pass
            except KeyboardInterrupt:
                pass
            except Exception as error:
                self.send({"op": "stopped", "number": cell["number"], "kind": type(error).__name__, "text": _text(error)})
        self.send({"op": "end"})

    def answer(self, cell: dict) -> None:
        missing = [name for name in cell["answers"] if name not in self.scope]
        if missing:
            self.send({"op": "missing", "name": cell["exercise"], "variable": missing[0]})
        else:
            answers = [self.value(self.scope[name]) for name in cell["answers"]]
            self.send({"op": "answer", "name": cell["exercise"], "answers": answers})
        self.wait("done")

    # ------------------------------------------------------------ what the judge asks

    def wait(self, *wanted: str) -> dict:
        """Serve the judge's calls until it sends one of the `wanted` messages."""
        mine = threading.current_thread() is threading.main_thread()  # TensorFlow's threads call back, and serve nothing
        while True:
            message = self.next(lambda each: each["op"] in wanted or (mine and each["op"] not in ("result", "failed", "done")))
            if message["op"] in wanted:
                return message
            self.serve(message)

    def next(self, fits) -> dict:
        """The next message that `fits`; others are kept for the thread that waits for them."""
        while True:
            with self.reading:
                for number, message in enumerate(self.inbox):
                    if fits(message):
                        return self.inbox.pop(number)
                with contextlib.suppress(Late):
                    self.inbox.append(self.channel.receive(0.02))
            time.sleep(0.001)  # locks are not fair; let the other thread have it

    def send(self, message: dict) -> None:
        with self.sending:
            self.channel.send(message)

    def serve(self, message: dict) -> None:
        from utils.check.outcome import NotAttempted, Wrong

        try:
            reply = getattr(self, f"do_{message['op']}")(message)
        except NotAttempted:
            reply = {"op": "unattempted"}
        except Wrong as error:
            cause = error.cause
            reply = {"op": "wrong", "text": str(error)}
            if cause is not None:
                reply |= {"module": type(cause).__module__, "kind": type(cause).__name__, "cause": _text(cause)}
        except Exception as error:  # it is what cannot travel
            reply = {"op": "wrong", "text": f"The grader cannot read what your function returns ({type(error).__name__[:60]})."}
        try:
            self.send(reply)
        except (Malformed, MemoryError):
            self.send({"op": "wrong", "text": "What your function returns is too large for the grader."})

    def do_call(self, message: dict) -> dict:
        from tools.grading import chance
        from utils.check import calling
        from utils.check.values import plain

        arguments, options = self.given(message["a"]), self.given(message["o"])
        arrays: list = []  # (copy of an array, the array that the function gets)
        calling.copied(arguments, arrays)
        drawn = chance.Watched(message["numbers"])
        with calling.guarded(), drawn:
            result = self.objects[message["id"]](*arguments, **options)
        after = None if all(calling.unchanged(*each) for each in arrays) else self.values(arguments)
        with calling.guarded(returned=True):
            result = plain(result)
        reply = {"op": "return", "v": self.value(result), "after": after, "drew": drawn.changed}
        return reply | {"shares": _shared_with(result, arguments)}

    def do_help(self, message: dict) -> dict:
        """Run one of the course's own functions on a student's, here where it can watch it."""
        helper = getattr(importlib.import_module(message["module"]), message["name"])
        arguments, options = self.given(message["a"]), self.given(message["o"])
        return {"op": "return", "v": self.value(helper(self.objects[message["id"]], *arguments, **options)), "after": None}

    def do_take(self, message: dict) -> dict:
        import numpy as np

        from utils.check import calling

        with calling.guarded(returned=True):
            found = [
                tuple(map(np.asarray, each)) if isinstance(each, tuple) else np.asarray(each)
                for each in self.objects[message["id"]].take(message["count"])
            ]
        return {"op": "return", "v": self.value(found), "after": None}

    def do_spec(self, message: dict) -> dict:
        """What a dataset says of its elements, in tuples as they stand: shape and type of each tensor; None is left open."""
        spec = self.objects[message["id"]].element_spec

        def told(each):
            if isinstance(each, (tuple, list)):
                return {"kind": type(each).__name__, "parts": list(map(told, each))}
            if isinstance(each, dict):
                return {"kind": "dict", "parts": {str(key): told(part) for key, part in each.items()}}
            if not hasattr(each, "dtype"):
                return {"kind": type(each).__name__}
            return {"kind": "", "shape": each.shape.as_list() if each.shape.rank is not None else None, "dtype": each.dtype.name}

        return {"op": "return", "v": self.value(told(spec)), "after": None}

    def do_graph(self, message: dict) -> dict:
        from tools.grading import graphs
        from utils.check import calling
        from utils.check.outcome import Wrong

        with calling.guarded(returned=True):
            try:
                return {
                    "op": "return",
                    "v": graphs.dismantle_model(self.objects[message["id"]], tuple(message["shape"])),
                    "after": None,
                }
            except graphs.Unsupported as error:
                raise Wrong(f"The grader cannot read this model: {error}.") from None

    # ------------------------------------------------------------ values

    def value(self, value):
        from tools.grading import wire
        from utils.check.outcome import NotAttempted
        from utils.check.values import plain

        try:
            value = plain(value)
        except NotAttempted:
            return {"$": "..."}
        except Exception as error:
            return {"$": "unreadable", "kind": type(value).__name__, "text": _text(error)}
        return wire.encode(value, self.refer)

    def values(self, values: list) -> list:
        return [None if callable(each) else self.value(each) for each in values]

    def refer(self, value) -> dict:
        keras, tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow")
        self.objects.append(value)
        number, kind = len(self.objects) - 1, type(value).__name__[:60]
        given = next((i for i, model in self.models.items() if model is value), None)
        if given is not None:
            return {
                "$": "given",
                "id": given,
                "trainable": value.trainable,
                "layers": [layer.trainable for layer in value.layers],
            }
        if keras is not None and isinstance(value, keras.Model):
            graph = _dismantled("dismantle_model", value) or _dismantled("dismantle_model", value, _built_for(value))
            return {"$": "model", "graph": graph} if graph else {"$": "deferred", "id": number, "kind": kind}
        if keras is not None and isinstance(value, keras.KerasTensor):
            used = [tensor for tensor in self.inputs if tensor is not None]
            for chosen in [*([each] for each in reversed(used)), used]:
                graph = _dismantled("dismantle", chosen, value)
                if graph:
                    numbers = [next(i for i, tensor in enumerate(self.inputs) if tensor is each) for each in chosen]
                    return {"$": "tensor", "graph": graph, "inputs": numbers}
        if tensorflow is not None and isinstance(value, tensorflow.data.Dataset):
            return {"$": "dataset", "id": number}
        if callable(value):
            name, is_class = str(getattr(value, "__name__", ""))[:60], isinstance(value, type)
            return {"$": "function", "id": number, "kind": kind, "name": name, "class": is_class}
        return {"$": "object", "kind": kind}

    def given(self, value):
        from tools.grading import wire

        if isinstance(value, list):
            return [wire.decode(each, self.resolve) for each in value]
        return {key: wire.decode(each, self.resolve) for key, each in value.items()}

    def resolve(self, reference: dict):
        kind = reference["$"]
        if kind == "numpy":
            import numpy as np

            return getattr(np, reference["v"])
        if kind == "mine":
            return self.objects[reference["id"]]
        if kind == "judge":
            return self.callback(reference["id"])
        if kind == "input":
            import keras

            tensor = keras.Input(tuple(reference["shape"]), dtype=reference["dtype"])
            while len(self.inputs) <= reference["id"]:
                self.inputs.append(None)
            self.inputs[reference["id"]] = tensor
            return tensor
        if kind == "model":
            from tools.grading import graphs

            graphs.FOREIGN = self.foreign
            self.models[reference["id"]] = graphs.rebuild_model(reference["graph"])
            return self.models[reference["id"]]
        raise ValueError(f"a reference of kind {kind}")

    def foreign(self, part: dict):
        """A layer that the judge computes."""
        import keras

        from tools.grading import graphs

        compute = self.callback(part["foreign"])

        class FromTheCheck(keras.layers.Layer):
            def compute_output_spec(self, x):
                made = graphs.rebuild(part["graph"], [keras.Input(x.shape[1:], dtype=x.dtype)])
                return keras.KerasTensor(made.shape, dtype=made.dtype)

            def call(self, x):
                if isinstance(x, keras.KerasTensor):
                    return graphs.rebuild(part["graph"], [x])
                return keras.ops.convert_to_tensor(compute(x))

        return FromTheCheck()

    def handed(self, value):
        """An argument for a function of the check's; a tensor arrives as one, symbolic or not."""
        keras, tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow")
        if keras is not None and isinstance(value, keras.KerasTensor):
            return {"$": "symbol", "shape": list(value.shape[1:]), "dtype": str(value.dtype)}
        if tensorflow is not None and tensorflow.is_tensor(value):
            return {"$": "eager", "v": value.numpy()}
        return self.value(value)

    def callback(self, number: int):
        """A function that the judge computes."""
        from tools.grading import graphs

        def from_the_check(*arguments, **options):
            keras, tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow")
            if tensorflow is not None and any(tensorflow.is_tensor(a) and not hasattr(a, "numpy") for a in arguments):
                first = arguments[0]

                def with_values(*now):
                    return from_the_check(*map(tensorflow.convert_to_tensor, now), **options)

                with tensorflow.init_scope():  # once with no values, as TensorFlow traces a function
                    zeros = [tensorflow.zeros([2 if n is None else n for n in each.shape], each.dtype) for each in arguments]
                    example = from_the_check(*zeros, **options)
                result = tensorflow.numpy_function(with_values, arguments, first.dtype)
                unknown = [n is None for n in first.shape] + [False] * example.ndim
                result.set_shape([None if open_ else n for open_, n in zip(unknown, example.shape, strict=False)])
                return result
            with self.lock:
                symbols = [a for a in arguments if keras is not None and isinstance(a, keras.KerasTensor)]
                message = {"op": "callback", "id": number, "a": [self.handed(a) for a in arguments]}
                self.send(message | {"o": {key: self.value(a) for key, a in options.items()}})
                reply = self.wait("result", "failed")
            if reply.get("graph"):
                return graphs.rebuild(reply["graph"], symbols)
            if reply["op"] == "failed":
                raise getattr(builtins, reference_error(reply["kind"]))(reply["text"])
            return self.given([reply["v"]])[0]

        return from_the_check


def _built_for(model) -> tuple | None:
    """The shape, without the batch axis, of what a model was called with; None if it never was."""
    try:
        return tuple(model.get_build_config()["input_shape"][1:])
    except Exception:
        return None


def _shared_with(result, arguments: list) -> int | None:
    """The number of the argument whose memory an array is part of; None for a new array."""
    import numpy as np

    if not isinstance(result, np.ndarray):
        return None
    arrays = ((i, each) for i, each in enumerate(arguments) if isinstance(each, np.ndarray))
    return next((i for i, each in arrays if np.shares_memory(result, each)), None)


def _dismantled(how: str, *arguments) -> dict | None:
    """The model or tensor as plain data; None where it cannot travel."""
    from tools.grading import graphs

    try:
        return getattr(graphs, how)(*arguments)
    except Exception:  # Unsupported, or whatever a student's own layer raises when it is called once more
        return None


def reference_error(kind: str) -> str:
    """The name of a builtin exception, RuntimeError for any other."""
    found = getattr(builtins, kind, None)
    return kind if isinstance(found, type) and issubclass(found, Exception) else "RuntimeError"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:3000]
    except Exception:
        return ""


def main() -> None:
    reader, writer = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1) if os.environ.get("GRADING_STDERR") else (0, 1, 2):
        os.dup2(nowhere, number)
    channel = Channel(reader, writer)
    job = channel.receive()
    channel.token = bytes.fromhex(job["token"])
    check = importlib.import_module("utils.check")
    excuses = importlib.import_module("utils.check.excuses")
    excuses._LIBRARIES += (os.path.dirname(os.path.realpath(__file__)),)  # no line of this file is a student's
    for name in ("start", "answer", "hint", "report"):
        setattr(check, name, lambda *_, **__: None)
    check.outcome = lambda name: types.SimpleNamespace(status="unattempted", message="")
    check.score = lambda: (0, 0)
    for module in job["import"]:  # while the clock of no cell runs yet
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    channel.send({"op": "ready"})
    Cells(channel).run(job["cells"])
    _exit(0)


if __name__ == "__main__":
    main()
