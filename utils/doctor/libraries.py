"""What Keras will really use: asked of Keras itself, in a process of its own, because a broken installation can end one.

Keras reads its backend from KERAS_BACKEND, else from keras.json in the folder .keras of the home folder or in KERAS_HOME;
data format and float type from keras.json alone.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from . import machine
from .finding import Finding
from .packages import INSTALL

QUESTION = """
import json, keras
answer = {
    "backend": keras.config.backend(),
    "data format": keras.config.image_data_format(),
    "float type": keras.config.floatx(),
}
if answer["backend"] == "tensorflow":
    import tensorflow as tf
    answer["devices"] = [device.device_type for device in tf.config.list_physical_devices()]
print(json.dumps(answer))
"""
NEEDED = {"backend": "tensorflow", "data format": "channels_last", "float type": "float32"}
KEYS = {"backend": "backend", "data format": "image_data_format", "float type": "floatx"}  # their names in keras.json


class NoStart(Exception):
    """Keras or TensorFlow does not start; the message is the last line of what it said."""


def ask(seconds: float = 120.0) -> dict:
    """{"backend", "data format", "float type": what Keras uses, "devices": such as ["CPU", "GPU"]}. Raises NoStart."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", QUESTION]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=seconds, env=environment
        )
    except subprocess.TimeoutExpired:
        raise NoStart(f"no answer within {seconds:.0f} s") from None
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        said = done.stderr.strip().splitlines()
        raise NoStart(said[-1][:120] if said and done.returncode == 1 else f"it ended with code {done.returncode}") from None


def configured() -> dict[str, tuple[str, str]]:
    """What is asked of Keras, {"backend": (value, where it is asked), …}, as far as somebody asked."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        stored = json.loads((home / "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stored = {}
    found = {name: (str(stored[key]), "keras.json") for name, key in KEYS.items() if isinstance(stored, dict) and key in stored}
    if os.environ.get("KERAS_BACKEND"):
        found["backend"] = (os.environ["KERAS_BACKEND"], "KERAS_BACKEND")
    return found


def check_keras(ask=ask, asked=configured, cores: int | None = None) -> list[Finding]:
    """Backend, data format and float type that Keras uses, processor cores and GPUs. A GPU is welcome and never needed."""
    wanted = asked()
    try:
        answer = ask()
    except NoStart as error:
        odd = {name: found for name, found in wanted.items() if found[0] != NEEDED[name]}
        if not odd:
            return [
                Finding(f"Keras with TensorFlow does not start ({error})", f"{INSTALL} --force-reinstall, in a new environment")
            ]
        return [
            Finding(f"Keras does not start with the {name} {value} ({error})", _remedy(name, place))
            for name, (value, place) in odd.items()
        ]
    findings = []
    for name, needed in NEEDED.items():
        if answer[name] != needed:
            findings.append(Finding(f"Keras' {name} is {answer[name]}", _remedy(name, wanted.get(name, ("", ""))[1])))
    if not findings:
        findings.append(Finding(f"Keras uses {', '.join(answer[name] for name in NEEDED)}"))
    gpus = answer.get("devices", []).count("GPU")
    gpu = f"{gpus} GPU" if gpus else "no GPU (none is needed)"
    return [*findings, Finding(f"{cores or machine.cores()} processor cores, {gpu}")]


def _remedy(name: str, place: str) -> str:
    needed = NEEDED[name]
    if place == "KERAS_BACKEND":
        return "unset KERAS_BACKEND, or set it to tensorflow, and start Python again"
    return f'write "{KEYS[name]}": "{needed}" into keras.json (folder .keras of your home, or KERAS_HOME), and start Python again'
