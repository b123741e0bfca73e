"""Reading the CSV files that come with faces; faults are collected, not raised."""

import csv
from collections.abc import Sequence
from pathlib import Path


def read_csv(path: Path, columns: Sequence[str], faults: list[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file, or none and a fault.

    Args:
        path: The file, UTF-8 with or without a byte-order mark.
        columns: The columns that it must have.
        faults: Where a fault is added.

    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
            header = list(reader.fieldnames or [])
    except OSError as error:
        faults.append(f"{path.name}: cannot be read ({error.strerror})")
        return []
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: not a CSV file in UTF-8 ({error})")
        return []
    lacking = [column for column in columns if column not in header]
    if lacking:
        faults.append(f"{path.name}: has no column '{lacking[0]}'; found {', '.join(header)}")
        return []
    return rows


def read_groups(root: Path, faults: list[str]) -> dict[str, str]:
    """Return the group of each identity from ``groups.csv`` (identity,group), if it is there."""
    path = root / "groups.csv"
    if not path.is_file():
        return {}
    return {row["identity"]: row["group"] for row in read_csv(path, ["identity", "group"], faults)}
