"""Who is on the pictures of unknown_dev in HW2P2: the CSV file of a term, row by row."""

from pathlib import Path

from facesearch.data.formats import SUFFIXES
from facesearch.data.layouts.csv_file import read_csv
from facesearch.data.layouts.folder import STRANGER, FaceFolder, FaceList

CSV_LAYOUTS = {"dev_identities.csv": "hw2p2-f22", "verification_dev.csv": "hw2p2-s23"}
_SHOWN = 10
_Rows = list[tuple[int, dict[str, str]]]


def read_labels(folder: FaceFolder, verification: Path, faults: list[str]) -> FaceList:
    """Return unknown_dev with its labels; without them, if there are none or they do not fit.

    A row belongs to the picture that it names in any column besides ``label``, or, without such a
    column, row i to the i-th picture by name.

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
    rows = read_csv(verification / name, ["label"], faults)
    if len(faults) > before:
        return folder.unknown_dev
    faults += _label_faults(name, rows, folder)[:_SHOWN]
    return _labelled(name, rows, folder.unknown_dev, faults)


def _labelled(name: str, rows: _Rows, faces: FaceList, faults: list[str]) -> FaceList:
    column = _column_of_names(rows, faces)
    if column is not None:
        _name_faults(name, [(line, row[column]) for line, row in rows], faces, faults)
    if len(rows) != len(faces):
        faults.append(
            f"{name}: {len(rows)} labels for {len(faces)} pictures in unknown_dev; each picture "
            "must have one, row i the i-th picture by name unless a column names it"
        )
        return faces
    if column is None:
        return FaceList(faces.paths, tuple(row["label"] for _, row in rows))
    label_of = {row[column]: row["label"] for _, row in rows}
    return FaceList(faces.paths, tuple(label_of.get(path.name, "") for path in faces.paths))


def _column_of_names(rows: _Rows, faces: FaceList) -> str | None:
    """Return the column that names pictures, even if some of them are not there."""
    names = {path.name for path in faces.paths}
    for column in rows[0][1] if rows else ():
        values = [row[column] for _, row in rows]
        if column != "label" and all(
            value in names or Path(value).suffix.lower() in SUFFIXES for value in values
        ):
            return column
    return None


def _name_faults(
    name: str, named: list[tuple[int, str]], faces: FaceList, faults: list[str]
) -> None:
    names = {path.name for path in faces.paths}
    seen: set[str] = set()
    wrong: list[str] = []
    for line, value in named:
        if value not in names:
            wrong.append(f"{name}: line {line}: no picture '{value}' in unknown_dev/")
        elif value in seen:
            wrong.append(f"{name}: line {line}: '{value}' has a label already; remove the line")
        seen.add(value)
    faults += wrong[:_SHOWN]


def _label_faults(name: str, rows: _Rows, folder: FaceFolder) -> list[str]:
    known = set(folder.known.identities)
    has_strangers = folder.layout == "hw2p2-s23"
    faults = []
    if STRANGER in known and has_strangers:
        faults.append(f"known/{STRANGER}: the label of strangers cannot be somebody known; move it")
    for number, (_, row) in enumerate(rows):
        label = row["label"]
        if label == STRANGER and not has_strangers:
            faults.append(
                f"{name}: row {number}: label '{label}' is nobody in known/: it means a stranger, "
                "and this term has none; if yours has, rename the file to verification_dev.csv"
            )
        elif label not in known and label != STRANGER:
            faults.append(f"{name}: row {number}: label '{label}' is nobody in known/")
    return faults
