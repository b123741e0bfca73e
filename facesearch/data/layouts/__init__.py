"""Who is in which file: the layouts of face folders.

A layout is a module with ``recognises(root)`` and ``read(root, faults)``; its name and line stand
in `facesearch.config.faces.LAYOUTS`. Not here: decoding (`decode.py`) and splits (`split.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from facesearch.data.formats import SUFFIXES
from facesearch.data.layouts import (
    cfp,
    hw2p2,
    identity_folders,
    image_list,
    insightface,
    lfw,
    split_folders,
)
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import (
    LEAST_IDENTITIES,
    STRANGER,
    FaceFolder,
    FaceList,
    FacePairs,
)
from facesearch.data.layouts.names import case_twins, undecodable
from facesearch.data.layouts.pair_truth import named_parts, with_sound_pairs
from facesearch.data.layouts.unread import tell_unread
from facesearch.errors import InputError, capped, count_of, did_you_mean

__all__ = [
    "LAYOUTS", "LEAST_IDENTITIES", "STRANGER", "SUFFIXES", "FaceFolder", "FaceList", "FacePairs",
    "Layout", "read_layout", "scan_layout",
]  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """How a layout is recognised and read; reading collects faults."""

    recognises: Callable[[Path], bool]
    read: Callable[[Path, Faults], FaceFolder]


# In the order in which they are tried: the last one takes every folder.
LAYOUTS = {
    "hw2p2-f22": Layout(hw2p2.recognises_f22, hw2p2.read_f22),
    "hw2p2-s23": Layout(hw2p2.recognises_s23, hw2p2.read_s23),
    "image-list": Layout(image_list.recognises, image_list.read),
    "lfw": Layout(lfw.recognises, lfw.read),
    "cfp": Layout(cfp.recognises, cfp.read),
    "insightface": Layout(insightface.recognises, insightface.read),
    "split-folders": Layout(split_folders.recognises, split_folders.read),
    "identity-folders": Layout(identity_folders.recognises, identity_folders.read),
}


def scan_layout(root: Path, layout: str = "auto") -> tuple[FaceFolder, Faults]:
    """List the faces of ``root``, in sorted order, and everything that is wrong.

    Raises:
        InputError: If there is no such folder, or no such layout.

    """
    if layout not in ("auto", *LAYOUTS):
        raise InputError(f"layout '{layout}'{did_you_mean(layout, ['auto', *LAYOUTS])}")
    try:
        return _scan(root, layout)
    except OSError as error:
        raise InputError(f"{error.filename or root}: cannot be read ({error.strerror}).") from None


def _scan(root: Path, layout: str) -> tuple[FaceFolder, Faults]:
    if not root.exists():
        raise InputError(f"{root}: no such folder. Give a folder of faces with --data.")
    if not root.is_dir():
        raise InputError(f"{root}: is a file; give the folder that holds the faces.")
    name = layout
    if layout == "auto":
        name = next(name for name, known in LAYOUTS.items() if known.recognises(root))
    faults = Faults()
    folder = with_sound_pairs(LAYOUTS[name].read(root, faults), faults)
    faults += _name_faults(folder)
    if not faults:
        tell_unread(root, name, faults)
    return replace(folder, reading=tuple(faults.notes)), faults


def _name_faults(folder: FaceFolder) -> list[str]:
    """Return what is wrong with the names of identities and groups of all parts together."""
    parts = named_parts(folder)
    identities = {name for faces in parts for name in faces.identities}
    groups = {name for faces in parts for name in faces.groups} - identities
    return [
        *(f"identities {twins}" for twins in case_twins(identities)),
        *(f"groups {twins}" for twins in case_twins(groups)),
        *undecodable(identities | groups),
    ]


def read_layout(root: Path, layout: str = "auto") -> FaceFolder:
    """Recognise the layout of ``root`` and list its faces, in sorted order.

    Args:
        root: The folder.
        layout: A name in `LAYOUTS`, or ``auto``.

    Raises:
        InputError: If there is no such folder, no faces, too few identities, or labels that do
            not fit their files; all that was found, in one message.

    """
    folder, faults = scan_layout(root, layout)
    if len(faults) == 1:
        place = "" if str(root) in faults[0] else f"{root}: "
        raise InputError(f"{place}{faults[0]}")
    if faults:
        count = sum(map(count_of, faults))
        lines = [f"  {fault}" for fault in capped(faults)]
        raise InputError("\n".join([f"{root}: {count:,} faults in {folder.layout}", *lines]))
    return folder
