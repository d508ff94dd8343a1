"""Says in at most 25 lines whether the course will run here, and what to do where it will not.

`python -m utils.doctor` in a terminal, `doctor.show()` in a notebook; with `--grading` it is about grading a class. The report
holds no names, paths or keys, so it can be pasted into a forum as it is.
"""

from collections.abc import Sequence

from .. import data
from ..data.console import say
from .course import check_course_data, check_data, check_network
from .finding import Finding
from .grading import check_grading
from .libraries import check_keras
from .machine import check_disk, check_memory
from .packages import check_packages, check_python, requirements, unfit, verify

__all__ = ["Finding", "examine", "main", "report", "requirements", "show", "unfit", "verify"]


def examine(settings: data.Settings | None = None, *, weights: bool = True) -> list[Finding]:
    """All findings, in the order of the report. Without `weights`, missing ones are said and are no problem."""
    settings = settings or data.Settings.from_environment()
    return [
        check_python(),
        *check_packages(),
        *check_keras(),
        check_memory(),
        check_disk(settings),
        check_course_data(settings),
        *check_data(settings, weights=weights),
        check_network(settings, weights=weights),
    ]


def report(findings: list[Finding]) -> str:
    """The findings as text of at most 25 lines, with the verdict last."""
    problems = sum(bool(finding.remedy) for finding in findings)
    verdict = f"{problems} problem{'s' if problems > 1 else ''}, see above" if problems else "everything is in order"
    return "\n".join(["Course doctor", *map(str, findings), f"Verdict: {verdict}."])


def show(*, weights: bool = True) -> None:
    """Print the report, for a notebook cell; `weights=False` in a lab that needs no pretrained network."""
    say(report(examine(weights=weights)))


def main(arguments: Sequence[str] = ()) -> int:
    """Print the report; 1 when there is a problem. `--grading` says how well students' code can be locked in here."""
    findings = check_grading() if "--grading" in arguments else examine()
    say(report(findings))
    return int(any(finding.remedy for finding in findings))
