"""What the layouts pass over: links to elsewhere, pipes, folders without pictures, other files."""

from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path

from facesearch.data.check.findings import Findings
from facesearch.data.formats import REMEDY, SUFFIXES, UNREAD
from facesearch.data.layouts import FaceFolder
from facesearch.data.layouts.account import (
    BY_FOLDER,
    DEAD,
    LINK_OUT,
    NESTED_LINK,
    NO_PLACE,
    NOT_READ,
    UNLISTED,
    LeftOut,
    Seen,
    counted,
    kind_of,
    walk,
)
from facesearch.data.layouts.folder import listing_fault
from facesearch.data.layouts.names import plain
from facesearch.data.layouts.pair_truth import named_parts
from facesearch.errors import first_names

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

    def refused(error: OSError) -> None:
        findings.faults.append(findings.short(listing_fault(Path(error.filename), error)))

    others: Counter[str] = Counter()
    left_out: dict[str, list[Path]] = defaultdict(list)
    seen = Seen(folder.root, used, folder.layout)
    # of whom the layout has told it
    names = {name for faces in named_parts(folder) for name in faces.identities}
    for here, folders, files in walk(folder.root, refused):
        _look_at_twins(here, folders, names, findings)
        kinds = Counter(kind_of(name) for name in files)
        if here != folder.root and not folders:
            _look_at_leaf(here, kinds, folder.layout, findings)
        others.update(kinds)
        for one in seen.left_out_of(here, folders, files):
            _tell(one, findings)
            left_out[one.why].append(one.path)
    told = Counter({k: n for k, n in others.items() if k not in (*SUFFIXES, *UNREAD, *_ABOUT)})
    if told:
        findings.notes.append(f"files that are no pictures to read: {counted(told)}")
    _tell_together(left_out, findings)
    if used:
        _tell_passed_over(seen, left_out, findings)


def _tell(one: LeftOut, findings: Findings) -> None:
    """Tell of a link that leads nowhere, or out of the folder."""
    if one.why == LINK_OUT:
        is_folder = one.path.is_dir()
        what = "its pictures are not read; copy them" if is_folder else "copy the picture"
        findings.faults.append(f"{findings.place(one.path)}: a link out of the folder; {what}")
    elif one.why == DEAD:
        findings.faults.append(
            f"{findings.place(one.path)}: neither file nor link, or a link to nothing; remove it"
        )


def _tell_together(left_out: dict[str, list[Path]], findings: Findings) -> None:
    """Tell in a line of what there may be much of."""
    for why, help_ in ((NOT_READ, f"; {REMEDY}"), (NESTED_LINK, "")):
        names = [str(findings.place(path)) for path in left_out[why]]
        if names:
            findings.notes.append(f"left out: {len(names)} {why}: {first_names(names)}{help_}")


def _look_at_twins(
    here: Path, folders: list[str], identities: Collection[str], findings: Findings
) -> None:
    twins: dict[str, list[str]] = defaultdict(list)
    for name in folders:
        twins[name.lower()].append(name)
    for names in twins.values():
        if len(names) > 1 and not {*map(plain, names)} <= set(identities):
            findings.faults.append(
                f"{findings.place(here)}: {' and '.join(names)} differ in upper and lower case "
                "only; they become one on other disks; merge or rename them"
            )


def _look_at_leaf(here: Path, kinds: Counter[str], layout: str, findings: Findings) -> None:
    """Find a folder without folders and without pictures."""
    if not kinds:
        findings.faults.append(f"{findings.place(here)}: empty folder; remove it, or fill it")
    elif layout in BY_FOLDER and not any(kind in SUFFIXES for kind in kinds):
        findings.faults.append(
            f"{findings.place(here)}: no picture that is read, only {counted(kinds)}; write "
            "pictures as jpg or png, or remove the folder"
        )


def _tell_passed_over(seen: Seen, left_out: dict[str, list[Path]], findings: Findings) -> None:
    """Tell of pictures in no part: a line for each topmost folder that is passed over whole."""
    names = [str(findings.place(path)) for path in left_out[UNLISTED]]
    if names:
        findings.notes.append(f"{len(names)} pictures are not in faces.csv: {first_names(names)}")
    tops: dict[Path, list[str]] = {}
    for path in left_out[NO_PLACE]:
        top = path.parent
        while top != seen.root and not seen.holds_read(top.parent):
            top = top.parent
        tops.setdefault(top, []).append(path.name)
    for top, names in tops.items():
        noun = "picture is" if len(names) == 1 else "pictures are"
        line = f"{findings.place(top)}: {len(names)} {noun} not read: {first_names(names)}"
        if top.name in _COPIES:
            findings.notes.append(line)
        else:
            findings.faults.append(f"{line}; layout {seen.layout} has no place for them there")
