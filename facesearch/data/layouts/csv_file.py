"""Reading the CSV files that come with faces; faults are collected, not raised."""

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path


def read_csv(
    path: Path, columns: Sequence[str], faults: list[str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file, each with the number of its line; none of a file at fault.

    Args:
        path: The file, UTF-8 with or without a byte-order mark.
        columns: The columns that it must have.
        faults: Where a fault is added; a row with more or fewer values than the header is one.

    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            rows = [(reader.line_num, row) for row in reader if row]
    except OSError as error:
        faults.append(f"{path.name}: cannot be read ({error.strerror})")
        return []
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: not a CSV file in UTF-8 ({error})")
        return []
    lacking = [column for column in columns if column not in header]
    twice = [column for column, count in Counter(header).items() if count > 1]
    if lacking:
        faults.append(f"{path.name}: has no column '{lacking[0]}'; found {', '.join(header)}")
    elif twice:
        faults.append(f"{path.name}: has two columns '{twice[0]}'; remove or rename one")
    if lacking or twice:
        return []
    for line, row in rows:
        if len(row) != len(header):
            faults.append(
                f"{path.name}: line {line}: {len(row)} values, but the header has {len(header)}: "
                f"{', '.join(header)}"
            )
    return [(ln, dict(zip(header, r, strict=True))) for ln, r in rows if len(r) == len(header)]


def read_groups(root: Path, identities: Collection[str], faults: list[str]) -> dict[str, str]:
    """Return the group of each identity from ``groups.csv`` (identity,group), if it is there.

    Args:
        root: The folder that holds it.
        identities: Who has pictures; anybody else in the file is a fault.
        faults: Where faults are added.

    """
    path = root / "groups.csv"
    groups: dict[str, str] = {}
    for line, row in read_csv(path, ["identity", "group"], faults) if path.is_file() else []:
        identity, group = row["identity"], row["group"]
        where = f"groups.csv: line {line}: '{identity}'"
        if identity not in identities:
            faults.append(f"{where} has no pictures; remove the line, or mend the name")
        elif not group:
            faults.append(f"{where} has no group; write one, or remove the line")
        elif groups.setdefault(identity, group) != group:
            faults.append(f"{where} is in {groups[identity]} and in {group}; keep one of them")
    return groups
