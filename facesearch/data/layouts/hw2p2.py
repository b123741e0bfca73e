"""The CMU 11-785 HW2P2 task of two terms: classification and verification side by side."""

import re
from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts.csv_file import read_csv
from facesearch.data.layouts.folder import (
    STRANGER,
    FaceFolder,
    FaceList,
    by_identity,
    flat,
    identity_faults,
)

_CSV_LAYOUTS = {"dev_identities.csv": "hw2p2-f22", "verification_dev.csv": "hw2p2-s23"}


def recognises_f22(root: Path) -> bool:
    """Whether the folder is one of term F22 (or S22, which looks alike)."""
    return _term(root) == "hw2p2-f22"


def recognises_s23(root: Path) -> bool:
    """Whether the folder is one of the terms from S23 to S24."""
    return _term(root) == "hw2p2-s23"


def read_f22(root: Path, faults: list[str]) -> FaceFolder:
    """List a folder of term F22: every query is somebody known."""
    return _read(root, "hw2p2-f22", faults)


def read_s23(root: Path, faults: list[str]) -> FaceFolder:
    """List a folder of term S23: some queries are strangers."""
    return _read(root, "hw2p2-s23", faults)


def _parts(root: Path) -> tuple[Path | None, Path | None]:
    classification = _find(root, "train", re.compile("classification"))
    return classification, _find(root, "known", re.compile("verification"))


def _term(root: Path) -> str | None:
    """Return the term by its file of labels, or without one by the inner folder."""
    classification, verification = _parts(root)
    if verification is not None:
        present = [t for name, t in _CSV_LAYOUTS.items() if (verification / name).is_file()]
        return present[0] if present else "hw2p2-f22"
    return None if classification is None else _closed_set(classification)


def _read(root: Path, layout: str, faults: list[str]) -> FaceFolder:
    classification, verification = _parts(root)
    if classification is None and verification is None:
        faults.append(f"{root}: neither classification/ nor verification/ of HW2P2 in it")
    folder = FaceFolder(root, layout)
    if verification is not None:
        folder = _with_open_set(folder, verification, faults)
    if classification is not None:
        folder = _with_closed_set(folder, classification)
    if classification is not None:
        faults += identity_faults(folder.train, classification / "train")
    return folder


def _closed_set(classification: Path) -> str:
    """Name the term of a folder without a verification part by its inner folder."""
    is_inner = classification.name == "classification"
    return "hw2p2-f22" if is_inner else "hw2p2-s23"


def _find(root: Path, inside: str, pattern: re.Pattern[str]) -> Path | None:
    """Return the folder that holds ``inside``: the root, or one two levels down at most."""
    named = [p for p in sorted(root.iterdir()) if p.is_dir() and pattern.search(p.name)]
    deeper = [p / "classification" for p in named if (p / "classification").is_dir()]
    for candidate in [root, *named, *deeper]:
        if (candidate / inside).is_dir() and (inside == "known" or (candidate / "dev").is_dir()):
            return candidate
    return None


def _with_closed_set(folder: FaceFolder, classification: Path) -> FaceFolder:
    return replace(
        folder,
        train=by_identity(classification / "train"),
        dev=by_identity(classification / "dev"),
        test=flat(classification / "test"),
    )


def _with_open_set(folder: FaceFolder, verification: Path, faults: list[str]) -> FaceFolder:
    """List the verification part; the labels of unknown_dev are in the term's CSV file."""
    known, dev = by_identity(verification / "known"), flat(verification / "unknown_dev")
    for name, term in _CSV_LAYOUTS.items():
        path = verification / name
        if term == folder.layout and path.is_file():
            labels = [str(row["label"]) for row in read_csv(path, ["label"], faults)]
            faults += _label_faults(path, folder.layout, labels, known, len(dev))
            if len(labels) == len(dev):
                dev = FaceList(dev.paths, tuple(labels))
    unknown_test = flat(verification / "unknown_test")
    return replace(folder, known=known, unknown_dev=dev, unknown_test=unknown_test)


def _label_faults(
    path: Path, layout: str, labels: list[str], known: FaceList, num_faces: int
) -> list[str]:
    faults = []
    if len(labels) != num_faces:
        faults.append(
            f"{path.name}: {len(labels)} labels for {num_faces} pictures in unknown_dev; row i "
            "must belong to the i-th picture by name"
        )
    allowed = set(known.identities) | ({STRANGER} if layout == "hw2p2-s23" else set())
    for row, label in enumerate(labels):
        if label not in allowed:
            faults.append(f"{path.name}: row {row}: label '{label}' is nobody in known/")
    return faults[:10]
