"""Which data and weights of the course are here, and whether the missing ones can be had."""

from .. import data
from ..data import fetch, sources
from .finding import Finding


def check_course_data(settings: data.Settings) -> Finding:
    """Whether COURSE_DATA names something that is there."""
    if not settings.course_data:
        return Finding("COURSE_DATA: not set")
    if settings.mirror:
        answers = settings.offline or fetch.online(settings.mirror, settings)
        remedy = "" if answers else "ask for the mirror's address, or unset COURSE_DATA"
        return Finding(f"COURSE_DATA: a mirror{'' if answers else ' that does not answer'}", remedy)
    if settings.folder.is_dir():
        return Finding("COURSE_DATA: a folder")
    return Finding("COURSE_DATA names a folder that does not exist", "correct COURSE_DATA, or unset it")


def check_data(settings: data.Settings, *, weights: bool = True) -> list[Finding]:
    """Which data and weights are here. Only missing Xception weights are a problem, where `weights` are needed."""
    here, missing = [], []
    for item in sources.ITEMS.values():
        (here if fetch.whereabouts(item, settings) else missing).append(item)
    findings = [Finding(f"here: {', '.join(item.key for item in here)}")] if here else []
    replaced = [f"{item.key} ({item.stand_in})" for item in missing if item in (sources.MNIST, sources.FLOWERS)]
    if replaced:
        findings.append(Finding(f"not here, so fetched or replaced: {', '.join(replaced)}"))
    if sources.XCEPTION in missing:
        command = "python -m utils.data fetch"
        missed = "the Xception weights are missing, which the lessons on pretrained networks need"
        findings.append(Finding(missed, command) if weights else Finding(f"not here, for later lessons: Xception ({command})"))
    if sources.RESNET50 in missing:
        findings.append(Finding("not here, for one example only: resnet50 (python -m utils.data fetch resnet50)"))
    return findings


def check_network(settings: data.Settings, *, weights: bool = True) -> Finding:
    """Whether the official addresses answer. No network is no problem once the data is here."""
    if settings.offline:
        return Finding("network: not asked, COURSE_OFFLINE is set")
    if fetch.online(sources.MNIST.address, settings):
        return Finding("network: the official addresses answer")
    if not weights or fetch.whereabouts(sources.XCEPTION, settings):
        return Finding("network: no answer (none is needed: everything missing has a stand-in)")
    return Finding("network: the official addresses do not answer", "connect once, then: python -m utils.data fetch")
