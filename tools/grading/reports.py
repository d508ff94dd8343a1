"""What an instructor gets: a page a student in HTML and Markdown, tables for the gradebook, and an overview of the class.

All text that a student wrote is escaped: in HTML as HTML, in Markdown as code, in a table so that no cell is a formula. Nothing
of hidden data and no solution is in any of them. The same results give the same bytes.
"""

import csv
import html
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from utils.check import RIGHT, UNATTEMPTED, WRONG

from . import labs as labs_module
from .intake import Submission
from .pool import exercises, the_lab, write
from .sources import normalized

LOOKS = {RIGHT: ("✅", "right"), UNATTEMPTED: ("⬜", "not attempted"), WRONG: ("❌", "not right")}
MARKS = {RIGHT: "✓", UNATTEMPTED: "○", WRONG: "✗"}  # on pages: any font has them
ALIKE = 0.8  # share of the answers, as code without names and comments, that two submissions have in common to be listed
TELLING = 60  # characters of normalized code below which two equal answers say nothing
BANNER = (
    "Graded with --unsafe: the students' code ran as an ordinary process of this machine. It could have read and changed files, "
    "and these scores are only as good as the students are honest."
)


@dataclass(frozen=True)
class Row:
    """One submission and its result."""

    submission: Submission
    result: dict = field(hash=False)

    @property
    def student(self) -> str:
        return self.submission.student

    @property
    def outcomes(self) -> dict[str, dict]:
        """Exercise → status and message, in the lab's order."""
        return {name: self.result["outcomes"][name] for name in exercises(self.submission.lab.name)}

    @property
    def challenge(self) -> str:
        """What the entry to the lab's challenge scored, in words; "" where it was not measured."""
        found = self.result.get("challenge")
        if not found:
            return ""
        if found["score"] is None:
            return found["message"]
        return f"{found['score']:.2f} {the_lab(self.submission.lab.name).challenge.unit}"


def write_all(folder: Path, rows: Iterable[Row], left_out: list[tuple[str, str]]) -> list[Path]:
    """Write every report under `folder` and return the paths of the overviews. Files are replaced one by one, each at once."""
    rows = sorted(rows, key=lambda row: (row.submission.lab.name, row.student.lower(), row.student))
    folder = Path(folder)
    written = []
    by_lab: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_lab[row.submission.lab.name].append(row)
    for lab, members in sorted(by_lab.items()):
        place = folder / lab
        (place / "students").mkdir(parents=True, exist_ok=True)
        names = file_names([row.student for row in members])
        for row in members:
            name = names[row.student]
            write(place / "students" / f"{name}.html", page(row))
            write(place / "students" / f"{name}.md", markdown(row))
        write(place / "overview.html", overview(members, names, left_out))
        written.append(place / "overview.html")
        write(place / "grades.csv", grades(members))
        write(place / "nbgrader.csv", nbgrader_table(members))
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "left_out.csv", table(["file", "reason"], sorted(left_out)))
    return written


def counted(things: list, name: str) -> str:
    """How many there are: "1 file", "2 files"."""
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def file_names(students: list[str]) -> dict[str, str]:
    """A file name for each student, of harmless characters and different on file systems that ignore case."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for student in students:
        plain = re.sub(r"[^\w.@+ -]", "_", student).strip(" .") or "unnamed"
        name, number = plain, 1
        while name.lower() in taken or re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name):
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.lower())
        made[student] = name
    return made


# ---------------------------------------------------------------- tables


def table(head: list[str], rows: Iterable[Iterable]) -> str:
    """A CSV file; what a spreadsheet would take for a formula gets an apostrophe in front."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([cell(each) for each in head])
    for row in rows:
        writer.writerow([cell(each) for each in row])
    return stream.getvalue()


def cell(value) -> str:
    """A cell that no spreadsheet runs."""
    if value is None or isinstance(value, (int, float)):
        return "" if value is None else str(value)
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@|%") and text.strip() else text


def grades(rows: list[Row]) -> str:
    """A plain table: a line a student, a column an exercise."""
    names = list(exercises(rows[0].submission.lab.name))
    worth = {name: each.points for name, each in exercises(rows[0].submission.lab.name).items()}
    measured = any(row.challenge for row in rows)
    head = ["student", "lab", "points", "of", *names, *(["challenge"] if measured else [])]
    lines = []
    for row in rows:
        earned = [worth[name] if row.outcomes[name]["status"] == RIGHT else 0 for name in names]
        score = [(row.result.get("challenge") or {}).get("score")] if measured else []
        lines.append([row.student, row.submission.lab.name, row.result["points"], row.result["of"], *earned, *score])
    return table(head, lines)


def nbgrader_table(rows: list[Row]) -> str:
    """The columns that `nbgrader export` writes, so that whatever reads those reads this."""
    head = ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"]
    head += ["raw_score", "late_submission_penalty", "score", "max_score"]
    lines = []
    for row in rows:
        score, most = float(row.result["points"]), float(row.result["of"])
        lines.append([row.submission.lab.name, "", "", row.student, "", "", "", score, 0.0, score, most])
    return table(head, lines)


# ---------------------------------------------------------------- one student


def page(row: Row) -> str:
    """The student's page in HTML."""
    known = exercises(row.submission.lab.name)
    parts = []
    for name, outcome in row.outcomes.items():
        symbol, words = MARKS[outcome["status"]], LOOKS[outcome["status"]][1]
        task = known[name]
        earned = task.points if outcome["status"] == RIGHT else 0
        body = f"<pre>{escaped(outcome['message'])}</pre>" if outcome["message"] else ""
        if outcome["status"] != RIGHT:
            hints = "".join(f"<li>{escaped(hint)}</li>" for hint in task.hints)
            body += f"<details><summary>Hints</summary><ol>{hints}</ol></details>"
        parts.append(
            f"<section class='{outcome['status']}'><h2><span aria-hidden='true'>{symbol}</span> {escaped(task.title)}</h2>"
            f"<p class='points'>{words} · {earned} of {task.points}</p>{body}</section>"
        )
    if row.challenge:
        parts.append(f"<section><h2>Challenge: {escaped(_challenge_title(row))}</h2><p>{escaped(row.challenge)}</p></section>")
    notes = [escaped(note) for note in row.result["notes"]]
    notes += [f"{escaped(where)} stopped: {escaped(why)}" for where, why in row.result["stopped"].items()]
    aside = f"<h2>About your notebook</h2><ul>{''.join(f'<li>{note}</li>' for note in notes)}</ul>" if notes else ""
    title = f"{known_title(row)}: {row.result['points']} of {row.result['of']} points"
    return document(title, f"<p>{escaped(row.student)}</p>{_banner([row])}{''.join(parts)}{aside}")


def markdown(row: Row) -> str:
    """The student's page in Markdown; their own words stand in code blocks, where nothing in them is markup."""
    known = exercises(row.submission.lab.name)
    lines = [f"# {known_title(row)}: {row.result['points']} of {row.result['of']} points", "", _inline(row.student), ""]
    if row.result["layer"] == "unsafe":
        lines += [f"> {BANNER}", ""]
    for name, outcome in row.outcomes.items():
        symbol, words = LOOKS[outcome["status"]]
        earned = known[name].points if outcome["status"] == RIGHT else 0
        lines += [f"## {symbol} {known[name].title}", "", f"{words}, {earned} of {known[name].points}", ""]
        if outcome["message"]:
            lines += [_block(outcome["message"]), ""]
        if outcome["status"] != RIGHT:
            lines += [f"{number}. {hint}" for number, hint in enumerate(known[name].hints, start=1)] + [""]
    if row.challenge:
        lines += [f"## Challenge: {_challenge_title(row)}", "", _block(row.challenge), ""]
    for note in row.result["notes"]:
        lines += [f"- {_inline(note)}"]
    for where, why in row.result["stopped"].items():
        lines += [f"- {_inline(f'{where} stopped: {why}')}"]
    return "\n".join(lines).rstrip() + "\n"


def known_title(row: Row) -> str:
    return the_lab(row.submission.lab.name).title


def _challenge_title(row: Row) -> str:
    return the_lab(row.submission.lab.name).challenge.title


def _block(text: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{_printable(text)}\n{fence}"


def _inline(text: str) -> str:
    text = _printable(text).replace("\n", " ")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence} {text} {fence}"


def escaped(text: str) -> str:
    return html.escape(_printable(text))


def _printable(text: str) -> str:
    return "".join(c for c in str(text) if c.isprintable() or c in "\n\t")


# ---------------------------------------------------------------- the class


def overview(rows: list[Row], names: dict[str, str], left_out: list[tuple[str, str]]) -> str:
    """The class on one page: points, exercises by success, mistakes by name, submissions that are alike."""
    known = exercises(rows[0].submission.lab.name)
    total, most = len(rows), rows[0].result["of"]
    earned = sorted(row.result["points"] for row in rows)
    middle = (earned[(total - 1) // 2] + earned[total // 2]) / 2
    parts = [
        f"<p>{counted(rows, 'submission')}, median {middle:g} of {most} points, from {earned[0]} to {earned[-1]}.</p>",
        _banner(rows),
    ]
    parts.append(f"<h2>Points</h2>{_histogram(earned, most)}")
    parts.append("<h2>Exercises, the hardest first</h2>" + _by_success(rows, known))
    parts.append("<h2>What went wrong, most frequent first</h2>" + _by_mistake(rows, known))
    if any(row.challenge for row in rows):
        parts.append(f"<h2>Challenge: {escaped(_challenge_title(rows[0]))}</h2>" + _leaderboard(rows))
    alike = look_alikes(rows)
    if alike:
        body = "".join(
            f"<tr><td>{escaped(a)}</td><td>{escaped(b)}</td><td>{same} of {of}</td></tr>" for a, b, same, of in alike[:200]
        )
        head = "<tr><th scope='col'>submission</th><th scope='col'>and</th><th scope='col'>answers with the same code</th></tr>"
        parts.append(
            "<h2>Suspiciously alike</h2><p>Names, comments and layout are ignored, and so are short answers and those that many "
            f"share. Likeness is a reason to look, and proves nothing.</p>"
            f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
        )
    body = "".join(
        f"<tr><td><a href='students/{html.escape(names[row.student])}.html'>{escaped(row.student)}</a></td>"
        f"<td>{row.result['points']}</td></tr>"
        for row in rows
    )
    head = "<tr><th scope='col'>student</th><th scope='col'>points</th></tr>"
    parts.append(f"<h2>Students</h2><table><thead>{head}</thead><tbody>{body}</tbody></table>")
    if left_out:
        items = "".join(f"<li>{escaped(where)}: {escaped(why)}</li>" for where, why in sorted(left_out))
        parts.append(f"<h2>Not graded</h2><ul>{items}</ul>")
    return document(f"{known_title(rows[0])}: the class", "".join(parts))


def _banner(rows: list[Row]) -> str:
    return f"<p class='banner' role='alert'>{BANNER}</p>" if any(row.result["layer"] == "unsafe" for row in rows) else ""


def _histogram(earned: list[int], most: int) -> str:
    bins = Counter(min(9, 10 * points // max(most, 1)) for points in earned)
    highest = max(bins.values())
    edges = [-(-most * i // 10) for i in range(11)]
    rows = []
    for i in range(10):
        last = edges[i + 1] - 1 if i < 9 else most
        label = f"{edges[i]}–{last}" if edges[i] < last else f"{edges[i]}"
        bar = f"<span class='bar' style='width:{100 * bins[i] / highest:.0f}%'></span>"
        rows.append(f"<tr><th scope='row'>{label}</th><td>{bins[i]}</td><td class='wide'>{bar}</td></tr>")
    head = "<tr><th scope='col'>points</th><th scope='col'>students</th><td></td></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _by_success(rows: list[Row], known: dict) -> str:
    counts = {name: Counter(row.outcomes[name]["status"] for row in rows) for name in known}
    order = sorted(known, key=lambda name: (counts[name][RIGHT], list(known).index(name)))
    body = []
    for name in order:
        right, wrong, left = (counts[name][status] for status in (RIGHT, WRONG, UNATTEMPTED))
        bar = f"<span class='bar' style='width:{100 * right / len(rows):.0f}%'></span>"
        body.append(
            f"<tr><th scope='row'>{escaped(known[name].title)}</th><td>{100 * right / len(rows):.0f} %</td><td>{wrong}</td>"
            f"<td>{left}</td><td class='wide'>{bar}</td></tr>"
        )
    head = "<tr><th scope='col'>exercise</th><th scope='col'>right</th><th scope='col'>not right</th>"
    head += "<th scope='col'>not attempted</th><td></td></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def mistakes(rows: list[Row]) -> list[tuple[int, str, str]]:
    """(how many, exercise, message) of each wrong answer, most frequent first; messages that differ in numbers only are one."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for name, outcome in row.outcomes.items():
            if outcome["status"] == WRONG:
                said = in_a_line(outcome["message"])
                kind = re.sub(r"`[^`]*`|'[^']*'|-?[\d.,]*\d|\([^)]*\)", "#", said)
                groups[name, kind].append(said)
    found = [(len(said), name, Counter(said).most_common(1)[0][0]) for (name, _), said in groups.items()]
    return sorted(found, key=lambda each: (-each[0], each[1], each[2]))


def in_a_line(message: str, length: int = 240) -> str:
    """A message without its arrays, for a table: "It is […], not […]."."""
    said = re.sub(r"\[[^\[\]]*\]", "[…]", message[:4000])
    while (shorter := re.sub(r"\[[\s,…]*(\[…\][\s,]*)+\]", "[…]", said)) != said:
        said = shorter
    said = " ".join(said.split())
    return said if len(said) <= length else said[: length - 1] + "…"


def _by_mistake(rows: list[Row], known: dict) -> str:
    found = mistakes(rows)
    if not found:
        return "<p>Nothing did.</p>"
    body = "".join(
        f"<tr><td>{count}</td><th scope='row'>{escaped(known[name].title)}</th><td>{escaped(message)}</td></tr>"
        for count, name, message in found[:100]
    )
    head = "<tr><th scope='col'>students</th><th scope='col'>exercise</th><th scope='col'>what the check said</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _leaderboard(rows: list[Row]) -> str:
    """Entries by score, the best first, each measured anew; then those without one."""
    entered = [row for row in rows if (row.result.get("challenge") or {}).get("score") is not None]
    entered.sort(key=lambda row: (-row.result["challenge"]["score"], row.student))
    body = "".join(f"<tr><td>{escaped(row.student)}</td><td>{escaped(row.challenge)}</td></tr>" for row in entered)
    head = "<tr><th scope='col'>student</th><th scope='col'>measured by the grader</th></tr>"
    without = len(rows) - len(entered)
    rest = f"<p>{without} without an entry that could be measured; their pages say why.</p>" if without else ""
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{rest}"


def look_alikes(rows: list[Row]) -> list[tuple[str, str, int, int]]:
    """(student, student, answers with the same code, answers compared) of pairs that are suspiciously alike.

    An answer that more than a quarter of the class wrote, or a short one, is no evidence.
    """
    codes: list[dict[str, str]] = []
    handed_out: dict[str, dict[str, str]] = {}  # of each lab, once
    for row in rows:
        lab = row.submission.lab
        if lab.name not in handed_out:
            handed_out[lab.name] = _answers(row, lab.notebook)
        stubs, own = handed_out[lab.name], _answers(row, row.submission.notebook)
        written = {name: normalized(source) for name, source in own.items() if source.strip() != stubs.get(name, "").strip()}
        codes.append({name: code for name, code in written.items() if len(code) >= TELLING})
    shared = Counter((name, code) for each in codes for name, code in each.items())
    limit = max(2, len(rows) // 4)
    by_code: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, each in enumerate(codes):
        for item in each.items():
            if 2 <= shared[item] <= limit:
                by_code[item].append(number)
    common: Counter = Counter(pair for members in by_code.values() for pair in combinations(members, 2))
    found = []
    for (a, b), same in common.items():
        telling = [{name for name, code in codes[i].items() if shared[name, code] <= limit} for i in (a, b)]
        of = len(telling[0] & telling[1])
        if same >= 3 and same >= ALIKE * of:
            found.append((rows[a].student, rows[b].student, same, of))
    return sorted(found, key=lambda each: (-each[2] / each[3], -each[2], each[0], each[1]))


def _answers(row: Row, notebook: dict) -> dict[str, str]:
    """Exercise → the cell that answers it."""
    try:
        return labs_module.plan(notebook, row.submission.lab).sources()
    except (ValueError, TypeError, AttributeError, RecursionError, KeyError):
        return {}


# ---------------------------------------------------------------- the look


def document(title: str, body: str) -> str:
    """A page that needs no other file, no script and no network."""
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escaped(title)}</title><style>{_STYLE}</style></head><body><main><h1>{escaped(title)}</h1>{body}</main></body></html>\n"
    )


_STYLE = """
:root{color-scheme:light dark;--line:#8884;--bar:#2b7a9b}
body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:56rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}
section{border-left:4px solid var(--line);padding:.1rem 1rem;margin:1rem 0}section h2{margin-top:.3rem}
.right{border-color:#2e8b57}.wrong{border-color:#c0392b}.points{margin:.1rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:.6rem;border-radius:4px;font-size:.9rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line);
vertical-align:top;font-weight:normal;overflow-wrap:anywhere}thead th{font-weight:600;white-space:nowrap}
tbody th{min-width:9rem}.wide{width:30%}
section h2 span{color:#888}
.right h2 span{color:#2e8b57}.wrong h2 span{color:#c0392b}
.bar{display:inline-block;height:.8rem;background:var(--bar);border-radius:2px}
.banner{background:#c0392b;color:#fff;padding:.8rem 1rem;border-radius:4px}
"""
