"""What the layouts pass over: links to elsewhere, pipes, folders without pictures, other files."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from facesearch.data.check.findings import Findings
from facesearch.data.layouts import FaceFolder
from facesearch.data.layouts.folder import SUFFIXES, leads_into, listing_fault
from facesearch.errors import first_names

# Layouts in which a folder is a person, or holds people.
_BY_FOLDER = ("identity-folders", "split-folders", "lfw", "hw2p2-f22", "hw2p2-s23")
# What belongs to a layout besides pictures.
_ABOUT = (".csv", ".txt", ".rec", ".idx", ".lst", ".bin", ".md", "")
# A part of the people again, in some archives of HW2P2.
_COPIES = ("train_subset",)


def look_at_files(folder: FaceFolder, used: set[Path], findings: Findings) -> None:
    """Find every file and folder that the layout passes over.

    Args:
        folder: What was listed.
        used: Every picture of it.
        findings: Where faults and notes are added.

    """
    inside = folder.root.resolve()
    others: Counter[str] = Counter()
    passed_over: dict[Path, list[str]] = {}
    for here, folders, files in _walk(folder.root, findings):
        _look_at_folders(here, folders, inside, findings)
        kinds = Counter(_kind(name) for name in files)
        if here != folder.root and not folders:
            _look_at_leaf(here, kinds, folder.layout, findings)
        others.update({kind: count for kind, count in kinds.items() if kind not in SUFFIXES})
        for name in files:
            path = here / name
            fault = _fault_of(path, inside)
            if fault:
                findings.faults.append(f"{findings.place(path)}: {fault}")
            elif _kind(name) in SUFFIXES and path not in used:
                passed_over.setdefault(here, []).append(name)
    told = {kind: count for kind, count in others.items() if kind not in _ABOUT}
    if told:
        findings.notes.append(f"files that are no pictures to read: {_counted(told)}")
    if used:
        _tell_passed_over(folder, used, passed_over, findings)


def _walk(root: Path, findings: Findings) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield folder, folders in it and files in it, sorted; hidden folders are left out."""

    def refused(error: OSError) -> None:
        findings.faults.append(findings.short(listing_fault(Path(error.filename), error)))

    for here, folders, files in os.walk(root, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(here), folders, sorted(files)


def _kind(name: str) -> str:
    """Return the suffix of a file, or what it is besides."""
    if name.startswith(".") or name.lower() == "thumbs.db":
        return "hidden"
    return Path(name).suffix.lower()


def _counted(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind or 'without suffix'}" for kind, count in sorted(kinds.items()))


def _look_at_folders(here: Path, folders: list[str], inside: Path, findings: Findings) -> None:
    twins: dict[str, list[str]] = defaultdict(list)
    for name in folders:
        twins[name.casefold()].append(name)
        if (here / name).is_symlink() and not leads_into(here / name, inside):
            findings.faults.append(
                f"{findings.place(here / name)}: a link out of the folder; its pictures are not "
                "read; copy them"
            )
    for names in twins.values():
        if len(names) > 1:
            findings.faults.append(
                f"{findings.place(here)}: {' and '.join(names)} differ in upper and lower case "
                "only; they become one on other disks; merge or rename them"
            )


def _look_at_leaf(here: Path, kinds: Counter[str], layout: str, findings: Findings) -> None:
    """Find a folder without folders and without pictures."""
    if not kinds:
        findings.faults.append(f"{findings.place(here)}: empty folder; remove it, or fill it")
    elif layout in _BY_FOLDER and not any(kind in SUFFIXES for kind in kinds):
        findings.faults.append(
            f"{findings.place(here)}: no picture that is read, only {_counted(kinds)}; write "
            "pictures as jpg or png, or remove the folder"
        )


def _fault_of(path: Path, inside: Path) -> str | None:
    try:
        return _wrong_with(path, inside)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _wrong_with(path: Path, inside: Path) -> str | None:
    is_picture = _kind(path.name) in SUFFIXES
    if path.is_symlink() and not path.exists():
        return "neither file nor link, or a link to nothing; remove it"
    if is_picture and path.is_symlink() and not leads_into(path, inside):
        return "a link out of the folder; copy the picture"
    if is_picture and not path.is_file():
        return "neither file nor link, or a link to nothing; remove it"
    return None


def _tell_passed_over(
    folder: FaceFolder, used: set[Path], passed_over: dict[Path, list[str]], findings: Findings
) -> None:
    """Tell of pictures in no part: a line for each topmost folder that is passed over whole."""
    if folder.layout == "image-list" and passed_over:
        paths = [here / name for here, found in passed_over.items() for name in found]
        names = [str(findings.place(path)) for path in paths]
        findings.notes.append(f"{len(names)} pictures are not in faces.csv: {first_names(names)}")
        return
    read = {above for path in used for above in path.parents}
    tops: dict[Path, list[str]] = {}
    for here, names in passed_over.items():
        top = here
        while top != folder.root and top.parent not in read:
            top = top.parent
        tops.setdefault(top, []).extend(names)
    for top, names in tops.items():
        noun = "picture is" if len(names) == 1 else "pictures are"
        line = f"{findings.place(top)}: {len(names)} {noun} not read: {first_names(names)}"
        if top.name in _COPIES:
            findings.notes.append(line)
        else:
            findings.faults.append(f"{line}; layout {folder.layout} has no place for them there")
