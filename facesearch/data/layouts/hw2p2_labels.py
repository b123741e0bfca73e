"""Who is on the pictures of unknown_dev in HW2P2: the CSV file of a term, by name or row by row."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from facesearch.data.formats import SUFFIXES
from facesearch.data.layouts.csv_file import Columns, column_notes, ignored, read_csv
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import STRANGER, FaceFolder, FaceList
from facesearch.data.layouts.names import plain
from facesearch.errors import first_names

CSV_LAYOUTS = {"dev_identities.csv": "hw2p2-f22", "verification_dev.csv": "hw2p2-s23"}
_LABEL = "label"
# A number as a table has it: 3, 000003 or 3.0.
_NUMBER = re.compile(r"(\d{1,18})(?:\.0+)?")
# A name that ends in one: img_4.
_LAST_NUMBER = re.compile(r"(?<!\d)(\d{1,18})$")
_DIGITS = re.compile(r"(\d+)")
_Rows = list[tuple[int, dict[str, str]]]


def read_labels(folder: FaceFolder, verification: Path, faults: Faults) -> FaceList:
    """Return unknown_dev with its labels; without them, if there are none or they do not fit.

    A row belongs to the picture that it names in any column besides ``label``, by its path, its
    name with or without suffix, or its number, which may stand at the end of a name. Without such
    a column row i belongs to the i-th picture by name; a column that counts the rows must count up.

    Args:
        folder: The folder, with known and unknown_dev listed.
        verification: Where the CSV file is.
        faults: Where faults are added.

    """
    present = [name for name in CSV_LAYOUTS if (verification / name).is_file()]
    if len(present) > 1:
        faults.append(
            f"{verification}: {' and '.join(present)} in it, the labels of two terms; keep that of "
            "yours"
        )
        return folder.unknown_dev
    if not present:
        return folder.unknown_dev
    name = present[0]
    if CSV_LAYOUTS[name] != folder.layout:
        faults.append(
            f"{verification / name}: belongs to {CSV_LAYOUTS[name]}, not to {folder.layout}; write "
            f"layout: {CSV_LAYOUTS[name]}, or auto"
        )
        return folder.unknown_dev
    before = len(faults)
    rows = read_csv(verification / name, Columns([_LABEL], others=lambda _: ""), faults)
    if len(faults) > before:
        return folder.unknown_dev
    faults += _label_faults(name, rows, folder)
    return _labelled(name, rows, folder.unknown_dev, faults)


def _labelled(name: str, rows: _Rows, faces: FaceList, faults: Faults) -> FaceList:
    file_of = _spellings([path.name for path in faces.paths])
    others = [column for column in (rows[0][1] if rows else ()) if column != _LABEL]
    column = _column_of_names(rows, others, file_of)
    unused = [other for other in others if other != column]
    faults.notes += column_notes(name, {ignored(""): unused} if unused else {})
    if column is not None:
        faults.notes.append(f"{name}: labels go to the pictures that column '{column}' names")
        return _by_name(name, [(line, row[column], row[_LABEL]) for line, row in rows],
                        faces, faults)  # fmt: skip
    faults += _order_faults(name, rows, others)
    if len(rows) != len(faces):
        faults.append(
            f"{name}: {len(rows)} labels for {len(faces)} pictures in unknown_dev; each picture "
            "must have one, row i the i-th picture by name unless a column names it"
        )
        return faces
    return FaceList(faces.paths, tuple(row[_LABEL] for _, row in rows))


def _stem(name: str) -> str:
    """Return a name without its folder and its suffix."""
    last = re.split(r"[\\/]", plain(name))[-1]
    return last[: -len(Path(last).suffix)] if Path(last).suffix.lower() in SUFFIXES else last


def _key(name: str) -> str:
    """Return what two spellings of a picture have in common: no folder, no suffix, no zeros."""
    stem = _stem(name)
    number = _NUMBER.fullmatch(stem)
    return str(int(number[1])) if number else stem


def _number(name: str) -> int:
    """Return the number that a name is, or ends in; -1 if there is none."""
    stem = _stem(name)
    number = _NUMBER.fullmatch(stem) or _LAST_NUMBER.search(stem)
    return int(number[1]) if number else -1


def _spellings(files: Sequence[str]) -> dict[str | int, str]:
    """Return the file that a name, a `_key` or a `_number` means.

    1.jpg and 01.jpg have their names only, and a_1.jpg and b_1.jpg no number.
    """
    found: dict[str | int, str] = {}
    for spelled in (_number, _key):
        count = Counter(map(spelled, files))
        found |= {spelled(file): file for file in files if count[spelled(file)] == 1}
    found.pop(-1, None)
    return found | {plain(file): file for file in files}


def _file(value: str, file_of: Mapping[str | int, str]) -> str | None:
    return file_of.get(value) or file_of.get(_key(value)) or file_of.get(_number(value))


def _column_of_names(
    rows: _Rows, columns: Sequence[str], file_of: Mapping[str | int, str]
) -> str | None:
    """Return the column that names pictures, even if some of them are not there.

    It is the one most of whose values name one, unless they are few, as 0 and 1 of a class are; or
    one whose values all look like names of pictures.
    """
    for column in columns:
        values = [row[column] for _, row in rows]
        num_found = sum(_file(value, file_of) is not None for value in values)
        if 2 * num_found >= len(rows) and 2 * len(set(values)) >= len(rows):
            return column
    return next((column for column in columns if _looks_like_names(rows, column)), None)


def _looks_like_names(rows: _Rows, column: str) -> bool:
    return all(Path(row[column]).suffix.lower() in SUFFIXES for _, row in rows)


def _order_faults(name: str, rows: _Rows, columns: Sequence[str]) -> list[str]:
    """Return a fault for a column that has another value in each row, but not in order.

    It may number or name the rows, and then they are not those of the pictures by name.
    """
    found = []
    for column in columns:
        values = [row[column] for _, row in rows]
        order = [_natural(value) for value in values]
        if len(set(values)) == len(rows) and order != sorted(order):
            found.append(
                f"{name}: column '{column}' numbers the rows, but not in order, and names no "
                "pictures; sort the rows as the pictures are sorted by name, and remove the column"
            )
    return found


def _natural(value: str) -> list[tuple[str, int]]:
    """Return by what values are sorted: their letters, and the numbers in them by size."""
    parts = _DIGITS.split(value)
    numbers = [int(part) for part in parts[1::2]]
    return list(zip(parts[::2], [*numbers, -1], strict=True))


def _by_name(
    name: str, rows: Sequence[tuple[int, str, str]], faces: FaceList, faults: Faults
) -> FaceList:
    """Return the faces with the labels of the rows (line, name of the picture, label)."""
    files = [path.name for path in faces.paths]
    file_of = _spellings(files)
    label_of: dict[str, str] = {}
    for line, value, label in rows:
        file = _file(value, file_of)
        if file is None:
            faults.append(f"{name}: line {line}: no picture '{value}' in unknown_dev/")
        elif file in label_of:
            faults.append(f"{name}: line {line}: '{value}' has a label already; remove the line")
        else:
            label_of[file] = label
    lacking = [file for file in files if file not in label_of]
    if lacking:
        faults.append(
            f"{name}: {len(rows)} labels for {len(faces)} pictures in unknown_dev; none for "
            f"{first_names(lacking)} ({len(lacking)} in all). Each picture must have one; remove "
            "the column that names them if it only counts the rows"
        )
    return FaceList(faces.paths, tuple(label_of.get(file, "") for file in files))


def _label_faults(name: str, rows: _Rows, folder: FaceFolder) -> list[str]:
    known = set(folder.known.identities)
    has_strangers = folder.layout == "hw2p2-s23"
    faults = []
    if STRANGER in known and has_strangers:
        faults.append(f"known/{STRANGER}: the label of strangers cannot be somebody known; move it")
    for number, (_, row) in enumerate(rows):
        label = row[_LABEL]
        if label == STRANGER and not has_strangers:
            faults.append(
                f"{name}: row {number}: label '{label}' is nobody in known/: it means a stranger, "
                "and this term has none; if yours has, rename the file to verification_dev.csv"
            )
        elif label not in known and label != STRANGER:
            faults.append(f"{name}: row {number}: label '{label}' is nobody in known/")
    return faults
