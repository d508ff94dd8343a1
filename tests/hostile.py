"""Notebooks that try to get points without an answer, or to do harm. Each is (name, first cell, {exercise: its cell}).

Where an attack needs a function that the judge calls, it stands in the cell of `correlate`.
"""

FORGED_FRAME = """
import os, json, struct
def frame(message):
    text = json.dumps(message).encode()
    return struct.pack("<II", len(text), 0) + text
def everywhere(data):
    for descriptor in range(3, 64):
        try: os.write(descriptor, data)
        except OSError: pass
"""

LOOP = "def correlate(image, kernel):\n    while True: pass"

TAMPERING = [
    ("checks replaced", "from utils import check\ncheck.answer = lambda *a, **k: None", {}),
    ("checks deleted", "import sys\nfor name in list(sys.modules):\n    if name.startswith('utils'): del sys.modules[name]", {}),
    ("outcome is right", "import utils.check.outcome as o\no.Wrong = o.NotAttempted = type('W', (BaseException,), {})", {}),
    ("score is full", "from utils import check\ncheck.score = lambda: (37, 37)\ncheck.report = lambda: print('37 of 37 points')", {}),
    ("session forged", "import utils.check.session as s\ns.judge = lambda *a: s.Outcome('right')", {}),
    ("comparison forged", "import utils.check.values as v\nv.same = v.close = lambda *a, **k: True\nv.plain = lambda x: x", {}),
    ("allclose is true", "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True", {}),
    ("asarray lies", "import numpy as np\nnp.asarray = np.array = lambda *a, **k: 0", {}),
    ("builtins forged", "import builtins\nbuiltins.all = builtins.any = lambda x: True\nbuiltins.isinstance = lambda *a: True", {}),
    ("len forged", "import builtins\nbuiltins.len = lambda x: 0", {}),
    ("open forged", "import builtins\nbuiltins.open = lambda *a, **k: 1/0\nbuiltins.__import__ = lambda *a, **k: 1/0", {}),
    ("encode forged", "import tools.grading.wire as w\nw.encode = lambda *a: True", {}),
    ("serve forged", "import __main__\nfor n in ('Cells',):\n    c = getattr(__main__, n, None)\n    if c: c.answer = lambda s, cell: None", {}),
    ("equal to all", "class Equal:\n    def __eq__(self, other): return True\n    __hash__ = None\n"
     "    def __float__(self): return 1.0\nn_dense = n_conv = Equal()", {"parameters": "n_dense, n_conv = Equal(), Equal()"}),
    ("a number equal to all", "class Equal(int):\n    def __eq__(self, other): return True\n    def __sub__(self, o): return 0\n"
     "    __rsub__ = __sub__", {"parameters": "n_dense, n_conv = Equal(1), Equal(1)"}),
    ("an array equal to all", "import numpy as np\nclass Any(np.ndarray):\n    def __array_ufunc__(self, *a, **k): return True\n"
     "    def __array_function__(self, *a, **k): return True",
     {"correlate": "def correlate(image, kernel): return np.zeros((3, 3)).view(Any)"}),
    ("a word equal to all", "class Word(str):\n    def __eq__(self, o): return True\n    def lower(self): return self\n    __hash__ = None",
     {"keras_computes": "kind, blind = Word('x'), Word('y')"}),
    ("class pretends", "class Right:\n    @property\n    def __class__(self): return int\n    def agrees(self, other): return True",
     {"parameters": "n_dense, n_conv = Right(), Right()"}),
    ("metadata", "get_ipython = lambda: None\npoints = 37", {"parameters": "### BEGIN SOLUTION\n### END SOLUTION\nn_dense = n_conv = ..."}),
    ("stack frames", "", {"correlate": "import sys\ndef correlate(image, kernel):\n    f = sys._getframe()\n    while f:\n"
     "        for v in list(f.f_locals.values()) + list(f.f_globals.values()):\n"
     "            if getattr(v, '__name__', '') == 'reference' or isinstance(v, dict) and 'expected' in v: return v['expected']\n"
     "        f = f.f_back\n    return 0"}),
    ("garbage collector", "", {"correlate": "import gc\ndef correlate(image, kernel):\n    for o in gc.get_objects():\n"
     "        if isinstance(o, dict) and 'expected' in o: return o['expected']\n    return 0"}),
    ("the reference imported", "", {"correlate": "def correlate(image, kernel):\n    from utils.lessons.lab01 import checks\n"
     "    return checks.lab.exercises['correlate'].declaration.answers['correlate'].reference(image, kernel)"}),
    ("the solutions read", "", {"correlate": "def correlate(image, kernel):\n    import glob\n"
     "    found = glob.glob('/**/01_convolution_by_hand.*', recursive=True) + glob.glob('/**/checks.py', recursive=True)\n"
     "    return exec(open([f for f in found if 'lab01' in f or 'solutions' in f][0]).read())"}),
    ("a lookup table", "", {"correlate": "import numpy as np\ntable = {((5, 5), (3, 3)): [[12, 12, 17], [10, 17, 19], [9, 6, 14]]}\n"
     "def correlate(image, kernel): return np.array(table.get((image.shape, kernel.shape), 0))"}),
]  # fmt: skip

FRAMES = [
    ("an outcome sent", FORGED_FRAME + "everywhere(frame({'event': 'outcome', 'name': 'correlate', 'status': 'right', 'message': ''}))", {}),
    ("an end sent", FORGED_FRAME + "everywhere(frame({'op': 'end'}))", {}),
    ("lines of JSON", "import os\nfor d in range(3, 64):\n    try: os.write(d, b'{\"event\": \"outcome\", \"name\": \"pool\", "
     "\"status\": \"right\", \"message\": \"\"}\\n' * 3)\n    except OSError: pass", {}),
    ("garbage", "import os\nfor d in range(3, 64):\n    try: os.write(d, os.urandom(5000))\n    except OSError: pass", {}),
    ("an endless frame", "import os, struct\nfor d in range(3, 64):\n    try: os.write(d, struct.pack('<II', 2**31, 2**31))\n"
     "    except OSError: pass", {}),
    ("a bomb of an array", FORGED_FRAME + "import io, numpy as np\nb = io.BytesIO()\n"
     "np.lib.format.write_array_header_1_0(b, {'descr': '<f8', 'fortran_order': False, 'shape': (10**12,)})\nb = b.getvalue()\n"
     "t = json.dumps({'op': 'answer', 'name': 'pool', 'answers': [{'$': 'a', 'at': [0, len(b)]}]}).encode()\n"
     "everywhere(struct.pack('<II', len(t), len(b)) + t + b)", {}),
    ("a pickle in an array", FORGED_FRAME + "import io, numpy as np\nb = io.BytesIO()\n"
     "np.save(b, np.array([print], dtype=object), allow_pickle=True)\nb = b.getvalue()\n"
     "t = json.dumps({'op': 'answer', 'name': 'pool', 'answers': [{'$': 'a', 'at': [0, len(b)]}]}).encode()\n"
     "everywhere(struct.pack('<II', len(t), len(b)) + t + b)", {}),
    ("nested a million deep", FORGED_FRAME + "t = b'[' * 1000000\neverywhere(struct.pack('<II', len(t), 0) + t)", {}),
    ("a hostile layer", FORGED_FRAME + "everywhere(frame({'op': 'answer', 'name': 'pool', 'answers': [{'$': 'model', 'graph': "
     "{'name': 'm', 'sequential': [{'class': 'layers.Lambda', 'name': 'l', 'settings': {'function': 'os.system'}}], 'shape': [3]}}]}))", {}),
    ("a hostile class", FORGED_FRAME + "everywhere(frame({'op': 'answer', 'name': 'pool', 'answers': [{'$': 'model', 'graph': "
     "{'name': 'm', 'sequential': [{'class': 'os.system', 'name': 'l', 'settings': {}}], 'shape': [3]}}]}))", {}),
    ("a giant layer", FORGED_FRAME + "everywhere(frame({'op': 'answer', 'name': 'pool', 'answers': [{'$': 'model', 'graph': "
     "{'name': 'm', 'sequential': [{'class': 'layers.Dense', 'name': 'l', 'settings': {'units': 9999999}}], 'shape': [20000]}}]}))", {}),
    ("an unknown reference", FORGED_FRAME + "everywhere(frame({'op': 'answer', 'name': 'pool', 'answers': [{'$': 'eval', 'v': '1'}]}))", {}),
    ("an answer to nothing", FORGED_FRAME + "everywhere(frame({'op': 'answer', 'name': '__class__', 'answers': []}))", {}),
    ("a callback to nothing", "", {"correlate": FORGED_FRAME + "def correlate(image, kernel):\n"
     "    everywhere(frame({'op': 'callback', 'id': -1, 'a': [], 'o': {}}))\n    return 0"}),
]  # fmt: skip

LEAVING = [
    ("_exit", "import os\nos._exit(0)", {}),
    ("SIGKILL", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", {}),
    ("signals to all", "import os, signal\nfor p in range(1, 400):\n    try: os.kill(p, signal.SIGKILL)\n    except OSError: pass\n"
     "try: os.kill(-1, signal.SIGTERM)\nexcept OSError: pass", {}),
    ("atexit", "import atexit, time\natexit.register(lambda: time.sleep(1000))", {}),
    ("a thread", "import threading, time\nthreading.Thread(target=lambda: time.sleep(1000)).start()", {}),
    ("a daemon", "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(1000)\n    os._exit(0)", {}),
    ("a segmentation fault", "", {"correlate": "import ctypes\ndef correlate(image, kernel): ctypes.string_at(0)"}),
    ("a loop", "while True: pass", {}),
    ("a loop in an answer", "", {"correlate": LOOP}),
    ("a loop in C", "", {"correlate": "def correlate(image, kernel): return sum(range(10**13))"}),
    ("a loop that catches all", "", {"correlate": "def correlate(image, kernel):\n    while True:\n        try:\n            while True: pass\n"
     "        except BaseException: pass"}),
    ("sleep", "", {"correlate": "import time\ndef correlate(image, kernel): time.sleep(1000)"}),
    ("memory", "", {"correlate": "def correlate(image, kernel):\n    a = []\n    while True: a.append(bytearray(50_000_000))"}),
    ("forks", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", {}),
    ("disk", "f = open('/tmp/x', 'wb')\nwhile True: f.write(bytes(10_000_000))", {}),
    ("recursion", "", {"correlate": "def correlate(image, kernel): return correlate(image, kernel)"}),
    ("a generator without end", "", {"correlate": "import itertools\ndef correlate(image, kernel): return itertools.count()"}),
    ("deep data", "", {"correlate": "def correlate(image, kernel):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a"}),
    ("a signal handler for all", "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, lambda *a: None)\n    except (OSError, ValueError): pass\n"
     "while True: pass", {}),
    ("stopped", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", {}),
    ("stopped in an answer", "", {"correlate": "import os, signal\ndef correlate(image, kernel): os.kill(os.getpid(), signal.SIGSTOP)"}),
    ("forks at the end", "import atexit, os\ndef bomb():\n    while True:\n        try: os.fork()\n        except OSError: pass\natexit.register(bomb)\nraise SystemExit", {}),
    ("threads without end", "import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(1000,)).start()\n    except RuntimeError: pass", {}),
    ("files without end", "i = 0\nwhile True:\n    open(f'/tmp/{i}', 'w').close()\n    i += 1", {}),
    ("folders without end", "import os\nwhile True:\n    os.mkdir('x')\n    os.chdir('x')", {}),
    ("shared memory", "from multiprocessing import shared_memory\nkept = []\nwhile True: kept.append(shared_memory.SharedMemory(create=True, size=10**7))", {}),
    ("locked priorities", "import os\nos.nice(-20)", {}),
    ("every descriptor", "kept = []\nwhile True: kept.append(open('/dev/null'))", {}),
    ("a process that hides", "import ctypes, os, time\nctypes.CDLL(None).prctl(1, 0)\nctypes.CDLL(None).prctl(36, 1)\nfor _ in range(20):\n    if os.fork() == 0:\n"
     "        os.setsid(); time.sleep(1000); os._exit(0)", {}),
    ("system exit", "", {"correlate": "def correlate(image, kernel): raise SystemExit"}),
    ("keyboard interrupt", "", {"correlate": "def correlate(image, kernel): raise KeyboardInterrupt"}),
]  # fmt: skip

# Who knows how the grader works: the token of the frames is somewhere in the student's process.
WITH_TOKEN = (
    FORGED_FRAME
    + """
import gc
def insider(message):
    for each in gc.get_objects():
        if type(each).__name__ == 'Channel':
            text = json.dumps(message).encode()
            os.write(each.writer, each.token + struct.pack('<II', len(text), 0) + text)
"""
)

INSIDERS = [
    ("with the token: an outcome", WITH_TOKEN + "insider({'event': 'outcome', 'name': 'correlate', 'status': 'right', 'message': ''})", {}),
    ("with the token: all answers are functions that lie", WITH_TOKEN + "for n in ('parameters', 'correlate', 'keras_computes', 'pool'):\n"
     "    insider({'op': 'answer', 'name': n, 'answers': [{'$': 'function', 'id': 0, 'kind': 'function', 'name': n}] * 2})", {}),
    ("with the token: answers of no class at all", WITH_TOKEN + "for n in ('parameters', 'correlate', 'keras_computes', 'pool'):\n"
     "    insider({'op': 'answer', 'name': n, 'answers': [{'$': 'given', 'id': 0, 'trainable': True, 'layers': []}] * 2})", {}),
    ("with the token: an end", WITH_TOKEN + "insider({'op': 'end'})", {}),
    ("with the token: cells without end", WITH_TOKEN + "import time\nwhile True:\n    insider({'op': 'cell', 'number': 0})\n    time.sleep(.5)", {}),
    ("with the token: missing answers", WITH_TOKEN + "for n in range(10000): insider({'op': 'missing', 'name': 'pool', 'variable': 'x' * 100000})", {}),
    ("with the token: a flood of frames", WITH_TOKEN + "while True: insider({'op': 'stopped', 'number': 0, 'kind': 'E', 'text': 'x' * 10**6})", {}),
    ("with the token: callbacks without end", "", {"correlate": WITH_TOKEN + "def correlate(image, kernel):\n"
     "    while True: insider({'op': 'callback', 'id': 0, 'a': [], 'o': {}})"}),
    ("with the token: what was returned", "", {"correlate": WITH_TOKEN + "def correlate(image, kernel):\n"
     "    insider({'op': 'return', 'v': {'$': 'numpy', 'v': 'correlate'}, 'after': [{'$': '...'}] * 2})"}),
    ("with the token: arguments overwritten", "", {"correlate": WITH_TOKEN + "def correlate(image, kernel):\n"
     "    insider({'op': 'return', 'v': {'$': 'scalar', 'v': 0}, 'after': [0, 0], 'shares': 0, 'drew': True})"}),
    ("the token from memory", "import os\nfor line in open('/proc/self/maps'):\n    if 'rw-p' in line and 'heap' in line:\n"
     "        a, b = (int(x, 16) for x in line.split()[0].split('-'))\n        m = open('/proc/self/mem', 'rb'); m.seek(a); m.read(b - a)", {}),
    ("the judge's frames read first", "import os, select\nfor d in range(3, 64):\n    try:\n"
     "        if select.select([d], [], [], 0)[0]: os.read(d, 10**6)\n    except (OSError, ValueError): pass", {}),
    ("standard output closed", "import os\nfor d in range(0, 64):\n    try: os.close(d)\n    except OSError: pass", {}),
    ("standard input replaced", "import os\nr, w = os.pipe()\nfor d in range(3, 30):\n    try: os.dup2(r, d)\n    except OSError: pass", {}),
]  # fmt: skip

VALUES = [
    ("a number that lies", "class Lie(float):\n    def __float__(self): return 1.0\n    def __eq__(self, o): return True\n"
     "    def __rsub__(self, o): return 0.0\n    def __abs__(self): return 0.0", {"parameters": "n_dense, n_conv = Lie(7), Lie(7)"}),
    ("a word that lies", "class Lie(str):\n    def __eq__(self, o): return True\n    def __hash__(self): return hash('correlation')\n"
     "    def strip(self, *a): return self\n    def casefold(self): return self\n    lower = casefold",
     {"keras_computes": "kind, blind = Lie(), Lie()\nkeras_computes = operation = Lie()"}),
    ("a list that lies", "class Lie(list):\n    def __len__(self): return 3\n    def __getitem__(self, i): return Lie()\n"
     "    def __eq__(self, o): return True", {"pool": "def pool(*a, **k): return Lie()"}),
    ("a dictionary that grows", "class Lie(dict):\n    def items(self):\n        while True: yield 1, 2",
     {"pool": "def pool(*a, **k): return Lie()"}),
    ("array interface", "class Lie:\n    __array_interface__ = {'shape': (10**9,), 'typestr': '<f8', 'data': (8, False), 'version': 3}",
     {"pool": "def pool(*a, **k): return Lie()"}),
    ("an array of objects", "import numpy as np", {"pool": "def pool(*a, **k): return np.array([print, eval, None], dtype=object)"}),
    ("an array of records", "import numpy as np", {"pool": "def pool(*a, **k): return np.zeros(3, dtype=[('a', 'f8'), ('b', 'O')])"}),
    ("an array of no size", "import numpy as np", {"pool": "def pool(*a, **k): return np.broadcast_to(0.0, (10**5, 10**5))"}),
    ("strided out of memory", "import numpy as np", {"pool": "def pool(x, *a, **k): return np.lib.stride_tricks.as_strided(x, (9, 9), (8**9, 8**9))"}),
    ("nothing but nan", "import numpy as np", {"pool": "def pool(x, *a, **k): return x * np.nan", "correlate": "def correlate(i, k): return i * np.inf"}),
    ("arguments spoiled", "", {"correlate": "def correlate(image, kernel):\n    image[...] = 0\n    kernel[...] = 0\n    return image",
     "pool": "def pool(x, *a, **k):\n    x[...] = 0\n    return x"}),
    ("a name in other letters", "ｎ＿dense = n＿conv = 1\n", {"parameters": "n_dense = n_conv = ...\n\u202e = 1"}),
    ("half a character", "raise ValueError('\\ud800' * 10)", {"pool": "def pool(*a, **k): raise ValueError('\\udfff\\x00\\x1b[2J=1+1<script>')"}),
    ("an exception that lies", "class Lie(Exception):\n    def __str__(self): raise SystemExit\n    __repr__ = __str__",
     {"pool": "def pool(*a, **k): raise Lie"}),
    ("an exception of the checks", "from utils.check.outcome import Wrong, NotAttempted\n"
     "class Lie(Wrong):\n    cause = property(lambda s: 1 / 0)", {"pool": "def pool(*a, **k): raise Lie('right')"}),
    ("a message of a gigabyte", "", {"pool": "def pool(*a, **k): raise ValueError('x' * 10**9)"}),
    ("a name of a gigabyte", "", {"pool": "def pool(*a, **k): pass\npool.__name__ = 'x' * 10**9"}),
    ("prints without end", "", {"pool": "def pool(*a, **k):\n    while True: print('x' * 10**8)"}),
    ("written to the terminal", "import sys, os\nfor f in (sys.__stdout__, sys.__stderr__): f.write('\x1b]0;x\x07' * 10**6)\n"
     "for d in (0, 1, 2): os.write(d, b'right' * 10**6)", {}),
    ("nested too deeply to be read", "", {"pool": "def pool(x, *a, **k): return " + "-" * 3000 + "x", "correlate": "x = a" + ".b" * 20000}),
    ("source that is no Python", "", {"pool": "def pool(x): return \x00", "correlate": "(" * 500}),
]  # fmt: skip

MODEL = "import keras\nimport numpy as np\n"
MODELS = [
    ("a Lambda layer", MODEL, {"pool": "pool = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Lambda(lambda x: x * 0)])"}),
    ("a layer of one's own", MODEL + "class Own(keras.layers.Layer):\n    def call(self, x): return x * 0\n"
     "    def get_config(self): return {'x': 'x' * 10**8}", {"pool": "pool = keras.Sequential([keras.Input((4, 4, 1)), Own()])"}),
    ("a configuration without end", MODEL + "class Own(keras.layers.Dense):\n    def get_config(self):\n        d = {}\n        d['d'] = d\n"
     "        return d\nOwn.__module__, Own.__name__ = keras.layers.Dense.__module__, 'Dense'",
     {"pool": "pool = keras.Sequential([keras.Input((4,)), Own(3)])"}),
    ("a vocabulary from a file", MODEL, {"pool": "pool = keras.Sequential([keras.layers.StringLookup(vocabulary=['a'])])\n"
     "pool.layers[0].get_config = lambda: {'vocabulary': '/course/utils/lessons/lab01/checks.py', 'name': 'x'}"}),
    ("a model of ten thousand layers", MODEL, {"pool": "pool = keras.Sequential([keras.Input((2,)), *(keras.layers.ReLU() for _ in range(10_000))])"}),
    ("weights that are nan", MODEL, {"pool": "pool = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])\n"
     "pool.set_weights([w * np.nan for w in pool.get_weights()])"}),
    ("weights of other shapes", MODEL, {"pool": "pool = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])\n"
     "pool.layers[0].get_weights = lambda: [np.zeros((10**5,))] * 9"}),
    ("a model that unpickles", MODEL + "class Own(keras.Model):\n    def __reduce__(self): return (eval, ('1',))\n"
     "    def call(self, x): return x", {"pool": "pool = Own()"}),
]  # fmt: skip

FIND = """
import os
def find(ending):
    places = [f'/{each}' for each in os.listdir('/') if each not in ('proc', 'usr', 'sys')]
    walked = (step for place in places for step in os.walk(place) if '/lib/python' not in step[0])
    return [name for _, _, names in walked for name in names if name.endswith(ending)]
"""

# What must not be reachable: each cell ends with an exception unless it gets through, and then writes the name ESCAPED.
REACHING = [
    ("the network", "import socket\nsocket.create_connection(('1.1.1.1', 53), timeout=2)"),
    ("this machine", "import socket\nfor port in (22, 80, 8888): socket.create_connection(('127.0.0.1', port), timeout=1)"),
    ("names", "import socket\nsocket.getaddrinfo('example.org', 80)"),
    ("virtual sockets", "import socket\nsocket.socket(40, socket.SOCK_STREAM)"),
    ("netlink", "import socket\nsocket.socket(16, socket.SOCK_RAW)"),
    ("accounts", "open('/etc/passwd').read()"),
    ("home", "import os\nassert [f for f in os.listdir('/root') if f != '.pyenv']"),
    ("other submissions", FIND + "assert find('.ipynb')"),
    ("the salt", FIND + "assert find('salt')"),
    (
        "processes",
        "import os\nassert [p for p in os.listdir('/proc') if p.isdigit() and b'judge' in open(f'/proc/{p}/cmdline', 'rb').read()]",
    ),
    ("the first process's memory", "open('/proc/1/mem', 'rb').read(1)"),
    ("kernel settings", "open('/proc/sys/kernel/hostname', 'w').write('x')"),
    ("the system", "open('/usr/bin/x', 'w').write('x')"),
    ("the course", "open('/course/utils/__init__.py', 'a').write('#')"),
    ("libraries", "import numpy\nopen(numpy.__file__, 'a').write('#')"),
    ("namespaces", "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0"),
    ("mounts", "import ctypes\nassert ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0"),
    ("tracing", "import ctypes\nassert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0"),
    ("the root user", "import os\nos.setuid(0)"),
    (
        "a setuid program",
        "import subprocess\nassert subprocess.run(['/usr/bin/su', '-c', 'id'], stdin=subprocess.DEVNULL).returncode == 0",
    ),
    ("the checks", "from utils.lessons.lab01 import checks"),
    ("the reference", "from utils.lessons.lab01 import reference"),
    ("the judge's program", "import tools.grading.judge"),
    (
        "descriptors of others",
        "import os\nassert [d for d in os.listdir('/proc/self/fd') if int(d) > 2\n"
        "        and not os.readlink(f'/proc/self/fd/{d}').startswith(('pipe:', '/dev/null', '/proc'))]",
    ),
    ("the first process's files", "import os\nassert os.listdir('/proc/1/root')"),
    ("control groups", "import os\nassert os.listdir('/sys/fs/cgroup')"),
    ("keys of the kernel", "import ctypes\nassert ctypes.CDLL(None).syscall(250, 0, -3, 1) >= 0"),
    ("io_uring", "import ctypes\nassert ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(200)) >= 0"),
    ("the clock", "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)"),
    ("higher limits", "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (10**5, 10**5))"),
    ("links out", "import os\nos.symlink('/proc/1/environ', '/tmp/link')\nassert open('/tmp/link').read()"),
    ("environment", "import os\nassert [k for k in os.environ if 'TOKEN' in k or 'SECRET' in k or k.startswith(('SSH', 'AWS'))]"),
    ("devices", "import os\nos.mknod('/tmp/sda', 0o60666, os.makedev(8, 0))"),
]
