"""`python -m utils.data status | fetch | clear`: prepare a machine, a USB stick or a classroom mirror beforehand."""

import argparse
import contextlib
import os
import shutil
import sys
from pathlib import Path

from . import errors, fetch, flowers, mnist, sources, weights
from .console import say
from .settings import Settings

DEFAULT = ("mnist", "xception")  # what set-up brings; --all adds the larger files
PATIENCE = {"probe_seconds": 10.0, "network_seconds": 60.0, "temporary_ok": False}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m utils.data", description="The course's data and weights.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="what is on this machine, and what would be used without a network")
    fetching = commands.add_parser("fetch", help="bring data and weights to this machine, or to a folder")
    fetching.add_argument("names", nargs="*", help=f"any of {', '.join(sources.ITEMS)}; without: {', '.join(DEFAULT)}")
    fetching.add_argument("--all", action="store_true", help="everything in the table (0.4 GB)")
    fetching.add_argument("--to", type=Path, metavar="DIR", help="also copy the files to DIR, for COURSE_DATA")
    fetching.add_argument("--strict", action="store_true", help="exit with 1 when something could not be had")
    commands.add_parser("clear", help="delete what the course keeps in its cache")
    options = parser.parse_args(arguments)
    if options.command == "status":
        return status(Settings.from_environment())
    if options.command == "clear":
        return clear(Settings.from_environment())
    unknown = [name for name in options.names if name not in sources.ITEMS]
    if unknown:
        parser.error(f"there is no item {unknown[0]!r}: choose from {', '.join(sources.ITEMS)}")
    names = list(sources.ITEMS) if options.all else options.names or list(DEFAULT)
    return fetch_all(names, Settings.from_environment(**PATIENCE), options.to, options.strict)


def status(settings: Settings) -> int:
    """Print one line an item: where it is, how large, and what stands in for it."""
    say(f"cache        {settings.cache}")
    say(f"COURSE_DATA  {settings.shown or 'not set'}")
    say(f"network      {'not used: COURSE_OFFLINE is set' if settings.offline else 'used when something is missing'}")
    for item in sources.ITEMS.values():
        path = fetch.whereabouts(item, settings)
        where = f"here, {fetch.readable_size(fetch.bytes_in(path))}" if path else f"missing ({item.stand_in})"
        say(f"{item.key:17}{item.title:52}{where}")
    return 0


def fetch_all(names: list[str], settings: Settings, folder: Path | None, strict: bool) -> int:
    """Bring the named items; copy them to `folder` if one is given. 0, or 1 when `strict` and something is missing."""
    failed = []
    for name in names:
        item = sources.ITEMS[name]
        try:
            found, reasons = _obtain(item, settings)
            if found is None:
                raise weights.missing(item, reasons)
            line = f"{item.title}: {fetch.SOURCE_NAMES[found.source]}"
            if folder:
                line += f", copied to {_copy(found.path, folder)}"
            say(fetch.with_reasons(f"{line}.", reasons))
        except errors.Missing as trouble:
            failed.append(item)
            say(str(trouble), sys.stderr)
    if folder and len(failed) < len(names):
        say(f"Now set COURSE_DATA={folder}, or serve it: python -m http.server --directory {folder}")
    for item in failed:
        say(f"Without it: {item.stand_in}." if item.stand_in != "none" else f"Nothing stands in for {item.key}.")
    return 1 if failed and strict else 0


def _obtain(item: sources.Item, settings: Settings) -> tuple[fetch.Found | None, list[str]]:
    if item is sources.MNIST:
        return fetch.obtain(item, settings, mnist.read_mnist)
    if item is not sources.FLOWERS:
        return weights.find_weights(item.key, settings)
    found, reasons = fetch.obtain(item, settings, flowers.check_archive)
    if found:
        say(f"{item.title}: unpacking and checking each photo.")
        flowers.load_flowers(quiet=True, settings=settings)
    return found, reasons


def _copy(source: Path, folder: Path) -> Path:
    """Copy a file, or a tree of photos, into `folder`: whole, or not at all."""
    target = folder / source.name
    part = folder / f".{source.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            return shutil.copytree(source, target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
        if not (target.exists() and target.samefile(source)):
            shutil.copyfile(source, part)
            os.replace(part, target)
    except shutil.Error as error:  # a list of what could not be copied, and why
        where, _, why = error.args[0][0]
        count = f"{len(error.args[0])} files of {source}"
        raise errors.DiskTrouble(
            f"{count} cannot be copied, the first one is {Path(where).name} ({str(why).split('] ')[-1]}): repair or delete them, "
            "or give --to another folder."
        ) from error
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise errors.disk_trouble(error, folder, "give --to a folder") from error
    return target


def clear(settings: Settings) -> int:
    """Delete what the course put into its cache, by name: whatever else lies there is left alone."""
    patterns = ("flowers-*", "garden-*", "activations", "mirrors", ".incoming", ".locks")
    files = [name for item in sources.ITEMS.values() for name in (item.filename, *item.also)]
    freed = 0
    for path in sorted({path for pattern in (*patterns, *files) for path in settings.cache.glob(pattern)}):
        freed += fetch.bytes_in(path)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    say(f"{fetch.readable_size(freed)} freed in {settings.cache}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
