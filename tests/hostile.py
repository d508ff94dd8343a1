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
    ("system exit", "", {"correlate": "def correlate(image, kernel): raise SystemExit"}),
    ("keyboard interrupt", "", {"correlate": "def correlate(image, kernel): raise KeyboardInterrupt"}),
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
    ("devices", "import os\nos.mknod('/tmp/sda', 0o60666, os.makedev(8, 0))"),
]
