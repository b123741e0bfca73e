"""Folders of identities that are split already: train/, and val/ or test/ beside it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts.csv_file import read_groups
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import (
    FaceFolder,
    FaceList,
    by_identity,
    flat,
    identity_faults,
    is_linked_out,
    is_picture,
    people,
)
from facesearch.data.layouts.identity_folders import FOREIGN
from facesearch.data.layouts.pairs import read_pair_csv
from facesearch.data.layouts.parts import SPLITS, TEST, TRAIN, VAL, Split, split_folder


def recognises(root: Path) -> bool:
    """Whether the folder, or the only folder in it, is split into train/ and others."""
    return _home(root) is not None


def read(root: Path, faults: Faults) -> FaceFolder:
    """List ``<split>/<identity>/<image>``; ``groups.csv`` and ``pairs.csv`` are read too.

    ``test/<image>`` has no labels. Both files lie beside ``train/``.
    """
    home = _home(root)
    if home is None:
        faults.append(
            f"{root}: no train/ with a folder an identity in it, and no val/ or test/ of that kind"
        )
        return FaceFolder(root, "split-folders")
    for path in sorted(home.iterdir()):
        if path.name.lower() in SPLITS:
            is_linked_out(path, root.resolve(), faults)
    inner = _parts(home)
    _find_twins(home, inner, faults)
    train, val = (_faces(home, inner, names, faults) for names in ((TRAIN,), VAL))
    split = Split(train, val, _test(home, inner, faults))
    if TRAIN in inner:
        faults += identity_faults(train, inner[TRAIN])
    folder = split_folder(root, "split-folders", _with_groups(split, home, faults))
    return replace(folder, pairs=read_pair_csv(home, faults))


def _home(root: Path) -> Path | None:
    """Return the folder that is split: the root, or the only folder in it."""
    try:
        folders = people(root, root.resolve())
        if _is_split(folders, root):
            return root
        if len(folders) == 1 and folders[0].name not in FOREIGN:
            inner = people(folders[0], root.resolve())
            return folders[0] if _is_split(inner, root) else None
    except OSError:
        pass  # other layouts say what cannot be listed
    return None


def _is_split(folders: list[Path], root: Path) -> bool:
    """Whether folders beside each other are the parts of a split, and no identities.

    Somebody may be called train or test: then images lie in the folder. Beside train/ other folders
    may stand if val/ or test/ does too.
    """
    names = {path.name.lower() for path in folders}
    parts = [path for path in folders if path.name.lower() in SPLITS]
    if not parts or not (names <= set(SPLITS) or (TRAIN in names and len(parts) > 1)):
        return False
    first = next((path for path in parts if path.name.lower() == TRAIN), None)
    return _holds_people(first, root) if first else any(_holds_people(p, root) for p in parts)


def _holds_people(folder: Path, root: Path) -> bool:
    inside = root.resolve()
    return bool(people(folder, inside)) and not any(
        is_picture(path, inside) for path in folder.iterdir()
    )


def _parts(home: Path) -> dict[str, Path]:
    """Return the folders of the parts, by their names in small letters."""
    return {
        path.name.lower(): path
        for path in people(home, home.resolve())
        if path.name.lower() in SPLITS
    }


def _find_twins(home: Path, inner: dict[str, Path], faults: Faults) -> None:
    both = [name for name in VAL if name in inner]
    if len(both) > 1:
        found = " and ".join(f"{inner[name].name}/" for name in both)
        faults.append(f"{home}: {found} in it, which mean the same; merge them, or move one away")


def _faces(home: Path, inner: dict[str, Path], names: tuple[str, ...], faults: Faults) -> FaceList:
    found = next((inner[name] for name in names if name in inner), None)
    return by_identity(found, home, faults) if found else FaceList()


def _test(home: Path, inner: dict[str, Path], faults: Faults) -> FaceList:
    """List the test part: a folder an identity, or images without labels."""
    labelled = _faces(home, inner, (TEST,), faults)
    loose = flat(inner[TEST], home, faults) if TEST in inner else FaceList()
    if labelled.paths and loose.paths:
        faults.append(
            f"{inner[TEST]}: {len(loose)} images beside folders of identities; put each into the "
            "folder of its identity, or move them away"
        )
    return labelled if labelled.paths else loose


def _with_groups(split: Split, home: Path, faults: Faults) -> Split:
    groups = read_groups(home, set(_names(split)), faults)
    if not groups:
        return split

    def grouped(faces: FaceList) -> FaceList:
        return replace(faces, groups=tuple(groups.get(name, name) for name in faces.identities))

    return replace(
        split, train=grouped(split.train), val=grouped(split.val), test=grouped(split.test)
    )


def _names(split: Split) -> Iterator[str]:
    for faces in (split.train, split.val, split.test):
        yield from faces.identities
