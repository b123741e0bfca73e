"""Reading the CSV files that come with faces; faults are collected, not raised."""

import csv
import difflib
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.names import plain, spelling_notes
from facesearch.data.layouts.text_file import read_text

# A column that is so like one which the list may have is a slip of the pen.
_LIKE = 0.76


def ignored(_: str) -> str:
    """Say that nothing is made of a column."""
    return "columns that are not known, and ignored"


@dataclass(frozen=True)
class Columns:
    """Which columns a list has.

    Args:
        needed: Those that it must have.
        further: Those that it may have.
        paths: Those of them that hold paths, which are left as they are written.
        others: Says what becomes of another, as a message begins; "" is told later.

    """

    needed: Sequence[str]
    further: Sequence[str] = ()
    paths: Collection[str] = ()
    others: Callable[[str], str] = ignored


def read_csv(path: Path, columns: Columns, faults: Faults) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file, each with the number of its line; none of a file at fault.

    Values are spelled as `plain` has it, but for paths.

    Args:
        path: The file, in UTF-8 or as `read_text` says.
        columns: Which columns it has.
        faults: Where a fault is added, such as a row with more or fewer values than the header, and
            a note on each column that is not known.

    """
    faults.read.add(path)
    text = read_text(path, "a CSV file", faults)
    if text is None:
        return []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [plain(name) for name in next(reader, [])]
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        faults.append(f"{path.name}: not a CSV file ({error})")
        return []
    if not _has_columns(path.name, header, columns, faults):
        return []
    whole = [(line, row) for line, row in rows if len(row) == len(header)]
    faults += (
        f"{path.name}: line {line}: {len(row)} values, but the header has {len(header)}: "
        f"{', '.join(header)}"
        for line, row in rows
        if len(row) != len(header)
    )
    for place, name in enumerate(header):
        if name not in columns.paths:
            written = [row[place] for _, row in whole]
            faults.notes += spelling_notes(f"{path.name}: column '{name}'", written)
    return [(line, _spelled(header, row, columns)) for line, row in whole]


def _spelled(header: Sequence[str], row: Sequence[str], columns: Columns) -> dict[str, str]:
    return {
        name: value if name in columns.paths else plain(value)
        for name, value in zip(header, row, strict=True)
    }


def _has_columns(file: str, header: Sequence[str], columns: Columns, faults: Faults) -> bool:
    """Whether all columns that are needed are there, once, and none that looks like another."""
    before = len(faults)
    for name in columns.needed:
        if name not in header:
            faults.append(f"{file}: has no column '{name}'{_meant(name, header)}")
            break
    twice = [column for column, count in Counter(header).items() if count > 1]
    if len(faults) == before and twice:
        faults.append(f"{file}: has two columns '{twice[0]}'; remove or rename one")
    known = [*columns.needed, *columns.further]
    lacking = [name for name in known if name not in header]
    others: dict[str, list[str]] = defaultdict(list)
    for column in (name for name in header if name not in known and len(faults) == before):
        close = difflib.get_close_matches(column.lower(), lacking, n=1, cutoff=_LIKE)
        if close:
            faults.append(
                f"{file}: column '{column}' is not known; did you mean '{close[0]}'? Rename it, if "
                "only to something that is less like it"
            )
        else:
            others[columns.others(column)].append(column)
    faults.notes += column_notes(file, others)
    return len(faults) == before


def column_notes(file: str, columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a note on what becomes of the columns, by what is said of them."""
    return [f"{file}: {said}: {', '.join(map(repr, c))}" for said, c in columns.items() if said]


def _meant(name: str, header: Sequence[str]) -> str:
    """Continue the message that there is no such column: what there is, and what may be meant."""
    close = difflib.get_close_matches(name, [column.lower() for column in header], 1, _LIKE)
    same = [column for column in header if close and column.lower() == close[0]]
    guess = f"; rename '{same[0]}' if it is meant" if same else ""
    parted = "; write commas between the values" if len(header) == 1 and ";" in header[0] else ""
    return f"; found {', '.join(header)}{guess}{parted}"


def read_groups(root: Path, identities: Collection[str], faults: Faults) -> dict[str, str]:
    """Return the group of each identity from ``groups.csv`` (identity,group), if it is there.

    Args:
        root: The folder that holds it.
        identities: Who has pictures; anybody else in the file is a fault.
        faults: Where faults are added.

    """
    path = root / "groups.csv"
    columns = Columns(["identity", "group"])
    groups: dict[str, str] = {}
    for line, row in read_csv(path, columns, faults) if path.is_file() else []:
        identity, group = row["identity"], row["group"]
        where = f"groups.csv: line {line}: '{identity}'"
        if identity not in identities:
            faults.append(f"{where} has no pictures; remove the line, or mend the name")
        elif not group:
            faults.append(f"{where} has no group; write one, or remove the line")
        elif groups.setdefault(identity, group) != group:
            faults.append(f"{where} is in {groups[identity]} and in {group}; keep one of them")
    return groups
