"""The report of any other command: its verdict, its figures, and its numbers as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.report.collected import Collected, inline_svg
from compare.report.page import Page

LONG = 70  # characters: with such a text a row becomes a table of its own
MOST_ROWS = 400  # of one table; results.json has them all


@dataclass(frozen=True)
class Table:
    """Rows of one kind, as text. prose: whether it is to be read, and not to be compared from row to row."""

    title: str
    header: list[str]
    rows: list[list[str]]
    prose: bool = False


def answer_page(command: str, content: Mapping[str, Any], files: Sequence[Path]) -> Page:
    """The page of an answer, from the plain data that it is as JSON and the figures among its files."""
    figures = {path.stem: path for path in files if path.suffix == ".svg"}
    verdict = str(content.get("verdict") or content.get("answer") or "")
    told = []
    for one in content.get("experiments", ()):
        drawn = [inline_svg(figures.pop(name), one["answer"]) for name in (one["name"],) if name in figures]
        told.append(Collected(one["name"], one["question"], one["answer"], one["holds"], one.get("lesson", ""), drawn))
    if told and not verdict:
        verdict = told[0].answer
    about = {name: content[name] for name in ("settings", "environment") if name in content}
    holds = bool(content.get("holds", all(one.holds is not False for one in told)))
    parts = {
        "experiments": told,
        "figures": [inline_svg(path, verdict or command) for path in figures.values()],
        "tables": list(_tables(content)),
    }
    return Page(f"Three ways to a gradient: {command}", holds, verdict, "answer.html.j2", about, parts)


def _tables(content: Mapping[str, Any]) -> Sequence[Table]:
    """Every list of records in the answer, with those columns that hold single values."""
    found = []
    for name, records in content.items():
        if name in ("experiments", "files") or not isinstance(records, list) or not records:
            continue
        if all(isinstance(record, Mapping) for record in records):
            header = [key for key, value in records[0].items() if isinstance(value, str | bool | int | float)]
            rows = [[_text(record.get(key)) for key in header] for record in records[:MOST_ROWS]]
            title = name.replace("_", " ").capitalize()
            if any(len(text) > LONG for row in rows for text in row):  # prose: one below the other
                for number, row in enumerate(rows, start=1):
                    told = [[key.replace("_", " "), text] for key, text in zip(header, row, strict=True) if text]
                    found.append(
                        Table(f"{title}, {number}" if len(rows) > 1 else title, ["what", "told"], told, prose=True)
                    )
                continue
            if len(records) > MOST_ROWS:
                title += f", the first {MOST_ROWS} of {len(records):,}"
            found.append(Table(title, [key.replace("_", " ") for key in header], rows))
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and 1000 <= abs(value) < 1e15):
        return f"{value:,.0f}"  # rather than 1.739e+04
    return f"{value:.4g}" if isinstance(value, float) else str(value)
