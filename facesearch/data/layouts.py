"""Who is in which file: HW2P2 of two terms, and plain folders of identities.

Not here: decoding (`decode.py`) and who is trained on whom (`split.py`).
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facesearch.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png")
LEAST_IDENTITIES = 4
STRANGER = "n000000"
_CSV_LAYOUTS = {"dev_identities.csv": "hw2p2-f22", "verification_dev.csv": "hw2p2-s23"}


@dataclass(frozen=True)
class FaceList:
    """Files with an identity each; the identity of an unlabelled face is empty."""

    paths: tuple[Path, ...] = ()
    identities: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class FaceFolder:
    """What a folder of faces holds; a part that it lacks is empty."""

    root: Path
    layout: str
    train: FaceList = FaceList()
    dev: FaceList = FaceList()
    test: FaceList = FaceList()
    known: FaceList = FaceList()
    unknown_dev: FaceList = FaceList()
    unknown_test: FaceList = FaceList()


def read_layout(root: Path) -> FaceFolder:
    """Recognise the layout of ``root`` and list its faces, in sorted order.

    Raises:
        InputError: If there is no such folder, no faces, too few identities, or labels that do
            not fit their files; all that was found, in one message.

    """
    if not root.exists():
        raise InputError(f"{root}: no such folder. Give a folder of faces with --data.")
    if not root.is_dir():
        raise InputError(f"{root}: is a file; give the folder that holds the faces.")
    classification = _find(root, "train", re.compile("classification"))
    verification = _find(root, "known", re.compile("verification"))
    if classification is None and verification is None:
        return _identity_folders(root)
    faults: list[str] = []
    layout = _closed_set(classification)
    parts: dict[str, FaceList] = {}
    if verification is not None:
        layout, parts = _open_set(verification, faults)
    closed = _closed_parts(classification) if classification is not None else {}
    folder = FaceFolder(root, layout, **closed, **parts)
    if classification is not None:
        faults += _identity_faults(folder.train, classification / "train")
    if faults:
        raise InputError("\n".join([f"{root}: {len(faults)} faults in layout {layout}", *faults]))
    return folder


def _closed_set(classification: Path | None) -> str:
    """Name the term of a folder without a verification part by its inner folder."""
    is_inner = classification is not None and classification.name == "classification"
    return "hw2p2-f22" if is_inner else "hw2p2-s23"


def _find(root: Path, inside: str, pattern: re.Pattern[str]) -> Path | None:
    """Return the folder that holds ``inside``: the root, or one two levels down at most."""
    named = [p for p in sorted(root.iterdir()) if p.is_dir() and pattern.search(p.name)]
    deeper = [p / "classification" for p in named if (p / "classification").is_dir()]
    for candidate in [root, *named, *deeper]:
        if (candidate / inside).is_dir() and (inside == "known" or (candidate / "dev").is_dir()):
            return candidate
    return None


def _images(folder: Path) -> Iterator[Path]:
    """Yield the image files of a folder, sorted; hidden files and links to elsewhere are left."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
            continue
        is_inside = not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())
        if is_inside and path.is_file():
            yield path


def _by_identity(folder: Path) -> FaceList:
    """List ``folder/<identity>/<image>``."""
    people = [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")]
    pairs = [(image, person.name) for person in people for image in _images(person)]
    return FaceList(tuple(p for p, _ in pairs), tuple(i for _, i in pairs))


def _flat(folder: Path) -> FaceList:
    paths = tuple(_images(folder)) if folder.is_dir() else ()
    return FaceList(paths, ("",) * len(paths))


def _closed_parts(classification: Path) -> dict[str, FaceList]:
    return {
        "train": _by_identity(classification / "train"),
        "dev": _by_identity(classification / "dev"),
        "test": _flat(classification / "test"),
    }


def _open_set(verification: Path, faults: list[str]) -> tuple[str, dict[str, FaceList]]:
    """List the verification part; its term is that of its file of labels."""
    known, dev = _by_identity(verification / "known"), _flat(verification / "unknown_dev")
    parts = {"known": known, "unknown_test": _flat(verification / "unknown_test")}
    for name, layout in _CSV_LAYOUTS.items():
        path = verification / name
        if path.is_file():
            labels = _read_labels(path, faults)
            faults += _label_faults(path, layout, labels, known, len(dev))
            return layout, {**parts, "unknown_dev": FaceList(dev.paths, tuple(labels))}
    return "hw2p2-f22", parts


def _read_labels(path: Path, faults: list[str]) -> list[str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append(f"  {path.name}: not a CSV file in UTF-8 ({error})")
        return []
    if rows and "label" not in rows[0]:
        faults.append(f"  {path.name}: has no column 'label'; found {', '.join(rows[0])}")
        return []
    return [str(row["label"]) for row in rows]


def _label_faults(
    path: Path, layout: str, labels: list[str], known: FaceList, num_faces: int
) -> list[str]:
    faults = []
    if len(labels) != num_faces:
        faults.append(
            f"  {path.name}: {len(labels)} labels for {num_faces} pictures in unknown_dev; row i "
            "must belong to the i-th picture by name"
        )
    allowed = set(known.identities) | ({STRANGER} if layout == "hw2p2-s23" else set())
    for row, label in enumerate(labels):
        if label not in allowed:
            faults.append(f"  {path.name}: row {row}: label '{label}' is nobody in known/")
    return faults[:10]


def _identity_faults(faces: FaceList, where: Path) -> list[str]:
    count = len(set(faces.identities))
    if count >= LEAST_IDENTITIES:
        return []
    noun = "identity" if count == 1 else "identities"
    return [
        f"  {where}: {count} {noun} with pictures; a search needs {LEAST_IDENTITIES} or more, as "
        "it holds some out of training. Make one folder a person, with jpg or png pictures in it."
    ]


def _identity_folders(root: Path) -> FaceFolder:
    faces = _by_identity(root)
    if not len(faces):
        raise InputError(
            f"{root}: no faces. Expected {root.name}/<identity>/<picture>.jpg, or the folders "
            "classification/ and verification/ of HW2P2."
        )
    if faults := _identity_faults(faces, root):
        raise InputError(faults[0].strip())
    return FaceFolder(root, "identity-folders", train=faces)
