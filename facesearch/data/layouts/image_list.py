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
    for number, row in enumerate(rows, start=2):
        path = inside(root, row["path"], f"faces.csv: line {number}", faults)
        if path is not None:
            if not row["identity"]:
                faults.append(f"faces.csv: line {number}: no identity; write one")
            kept.append((path, row["identity"], row.get("group") or row["identity"]))
    has_groups = bool(rows) and "group" in rows[0]
    faces = FaceList(
        tuple(path for path, _, _ in kept),
        tuple(identity for _, identity, _ in kept),
        tuple(group for _, _, group in kept) if has_groups else (),
    )
    faults += identity_faults(faces, root / "faces.csv")
    return FaceFolder(root, "image-list", train=faces, pairs=read_pair_csv(root, faults))
