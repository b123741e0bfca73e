"""A list of images: ``faces.csv`` with path, identity and optionally group, split and role.

Further columns (pose, camera, source) break the figures of a report down; see `data.qualities`.
Split is ``train``, ``val`` (or validation, dev) or ``test``; role, of held-out identities, is
``gallery`` or ``probe``. Both mean what `facesearch.data.layouts.parts` says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facesearch.data.layouts.csv_file import Columns, ignored, read_csv
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import FaceFolder, FaceList, identity_faults, only
from facesearch.data.layouts.lookup import Lookup
from facesearch.data.layouts.names import case_twins
from facesearch.data.layouts.pairs import read_pair_csv
from facesearch.data.layouts.parts import ROLES, SPLITS, TEST, TRAIN, VAL, Split, split_folder
from facesearch.data.qualities import NO_QUALITIES


def _taken_for(column: str) -> str:
    """Say what a further column is taken for."""
    if not _further([column]):
        return ignored(column)
    return "columns taken for what is known of each image, by which figures are broken down"


_COLUMNS = Columns(["path", "identity"], ["group", "split", "role"], ("path",), _taken_for)


@dataclass(frozen=True)
class _Row:
    """A line of the list that names an image."""

    path: Path
    identity: str
    group: str
    split: str
    role: str
    known: Mapping[str, str]


def recognises(root: Path) -> bool:
    """Whether there is a list."""
    return (root / "faces.csv").is_file()


def read(root: Path, faults: Faults) -> FaceFolder:
    """Read ``faces.csv``, with paths below ``root``; ``pairs.csv`` is read too."""
    rows = read_csv(root / "faces.csv", _COLUMNS, faults)
    columns = list(rows[0][1]) if rows else []
    kept = _kept(root, rows, faults)
    faces = FaceList(
        tuple(row.path for row in kept),
        tuple(row.identity for row in kept),
        tuple(row.group for row in kept) if "group" in columns else (),
        {name: tuple(row.known[name] or "" for row in kept) for name in _further(columns)},
    )
    faults.notes += (
        f"faces.csv: column '{name}': values {twins}"
        for name, values in faces.columns.items()
        for twins in case_twins(values)
    )
    split = _split(kept, faces)
    if len(split.train) or "split" not in columns:
        if kept or not faults:
            where = " (split train)" if "split" in columns else ""
            faults += identity_faults(split.train, Path(f"{root / 'faces.csv'}{where}"))
    folder = split_folder(root, "image-list", split)
    return replace(folder, pairs=read_pair_csv(root, faults))


def _kept(root: Path, rows: Sequence[tuple[int, dict[str, str]]], faults: Faults) -> list[_Row]:
    """Return the rows that name an image which no row before has named; the others are faults."""
    kept: dict[Path, _Row] = {}
    group_of: dict[str, str] = {}
    with Lookup(root, "faces.csv", faults) as images:
        for line, row in rows:
            where, identity = f"faces.csv: line {line}", row["identity"]
            path = images.find(row["path"], where)
            group = row.get("group") or identity
            if path is None:
                continue
            if not identity:
                faults.append(f"{where}: no identity; write one")
            if path in kept:
                faults.append(_twice(where, row["path"], kept[path].identity, identity))
                continue
            if group_of.setdefault(identity, group) != group:
                faults.append(
                    f"{where}: '{identity}' is in group {group_of[identity]} and in {group}; keep "
                    "one"
                )
            split = _split_of(row, where, faults)
            kept[path] = _Row(path, identity, group, split, _role_of(row, where, faults), row)
    return list(kept.values())


def _further(columns: Sequence[str]) -> list[str]:
    """Return the columns that say something else of an image, such as its pose."""
    return [name for name in columns if name and name not in NO_QUALITIES]


def _twice(where: str, name: str, first: str, second: str) -> str:
    if first == second:
        return f"{where}: {name} is listed already; remove the line"
    return f"{where}: {name} is listed as '{first}' and as '{second}'; one of them is wrong"


def _split_of(row: dict[str, str], where: str, faults: Faults) -> str:
    """Return the part of a row; a list without such a column is of training."""
    split = row.get("split", TRAIN).lower()
    if split not in SPLITS:
        faults.append(f"{where}: split is '{row['split']}'; write one of {', '.join(SPLITS)}")
    return split


def _role_of(row: dict[str, str], where: str, faults: Faults) -> str:
    role = row.get("role", "").lower()
    if role not in ROLES:
        allowed = ", ".join(filter(None, ROLES))
        faults.append(f"{where}: role is '{row['role']}'; write one of {allowed}, or nothing")
    return role


def _split(kept: Sequence[_Row], faces: FaceList) -> Split:
    def part(is_of: Callable[[str], bool]) -> tuple[FaceList, tuple[str, ...]]:
        chosen = [number for number, row in enumerate(kept) if is_of(row.split)]
        return only(faces, chosen), tuple(kept[number].role for number in chosen)

    train, _ = part(lambda split: split == TRAIN)
    val, val_roles = part(lambda split: split in VAL)
    test, test_roles = part(lambda split: split == TEST)
    return Split(train, val, test, val_roles, test_roles)
