"""One line of the doctor's report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report: what is, and for a problem also what to do."""

    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"PROBLEM  {self.text}\n     do: {self.remedy}" if self.remedy else f"ok       {self.text}"
