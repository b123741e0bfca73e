"""A list of pictures: ``faces.csv`` with path, identity and optionally group."""

from pathlib import Path

from facesearch.data.layouts.csv_file import read_csv
from facesearch.data.layouts.folder import FaceFolder, FaceList, identity_faults
from facesearch.data.layouts.pairs import inside, read_pair_csv


def recognises(root: Path) -> bool:
    """Whether there is a list."""
    return (root / "faces.csv").is_file()


def read(root: Path, faults: list[str]) -> FaceFolder:
    """Read ``faces.csv``, with paths below ``root``; ``pairs.csv`` is read too."""
    rows = read_csv(root / "faces.csv", ["path", "identity"], faults)
    kept: list[tuple[Path, str, str]] = []
    whose: dict[Path, str] = {}
    group_of: dict[str, str] = {}
    for line, row in rows:
        where, identity = f"faces.csv: line {line}", row["identity"]
        path = inside(root, row["path"], where, faults)
        group = row.get("group") or identity
        if path is None:
            continue
        if not identity:
            faults.append(f"{where}: no identity; write one")
        if path in whose:
            faults.append(_twice(where, row["path"], whose[path], identity))
            continue
        if group_of.setdefault(identity, group) != group:
            faults.append(
                f"{where}: '{identity}' is in group {group_of[identity]} and in {group}; keep one"
            )
        whose[path] = identity
        kept.append((path, identity, group))
    has_groups = bool(rows) and "group" in rows[0][1]
    faces = FaceList(
        tuple(path for path, _, _ in kept),
        tuple(identity for _, identity, _ in kept),
        tuple(group for _, _, group in kept) if has_groups else (),
    )
    if kept or not faults:
        faults += identity_faults(faces, root / "faces.csv")
    return FaceFolder(root, "image-list", train=faces, pairs=read_pair_csv(root, faults))


def _twice(where: str, name: str, first: str, second: str) -> str:
    if first == second:
        return f"{where}: {name} is listed already; remove the line"
    return f"{where}: {name} is listed as '{first}' and as '{second}'; one of them is wrong"
