"""What every command says of the images that it does not use: one line, and where to read more.

Not here: how a folder is walked (`layouts.account`), and what of it is to be mended (`check`).
"""

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.faces import read_reserve
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.layouts.account import Account, account_at
from facesearch.data.pack import open_pack
from facesearch.errors import first_names

_SHOWN = 2


@dataclass(frozen=True)
class PassedOver:
    """What a command passes over of a folder.

    Args:
        account: Of the folder.
        unreadable: Images that are left out as they cannot be decoded.

    """

    account: Account
    unreadable: tuple[Path, ...] = ()

    def lines(self, *, is_whole: bool = False) -> list[str]:
        """Return what is to be told; nothing if everything was read, in its place.

        Args:
            is_whole: A line for each kind of thing with all names, and not one line with some.

        """
        root = self.account.root
        lines = self.account.lines(None if is_whole else _SHOWN)
        if self.unreadable:
            names = [os.path.relpath(path, root) for path in self.unreadable]
            some = first_names(names, len(names) if is_whole else _SHOWN)
            lines.append(f"left out: {len(names)} that cannot be read ({some})")
        if not lines:
            return []
        lines = lines if is_whole else ["; ".join(lines)]
        lines[-1] += f" (more: facesearch data check {shlex.quote(str(root))})"
        return [f"{root}: {line}" for line in lines]

    def counts(self) -> list[str]:
        """Return a line without names of files, as what leaves this machine names nobody."""
        files = len(self.account.left_out) + len(self.unreadable)
        folders = len(self.account.silent)
        if not files and not folders:
            return []
        name = self.account.root.name
        return [
            f"{name}: passed over: {files} file{'' if files == 1 else 's'}, and {folders} "
            f"folder{'' if folders == 1 else 's'} of which no image is read (which, and why: "
            "facesearch data check FOLDER)."
        ]


def passed_over(root: Path, layout: str = "auto") -> PassedOver:
    """Return what is passed over of a folder.

    Raises:
        InputError: If there is no such folder or layout, or a folder cannot be listed.

    """
    return PassedOver(account_at(root, layout))


def passed_over_of(data: DataConfig, parts: Iterable[str]) -> list[PassedOver]:
    """Return what is passed over of the faces of a config; of generated ones nothing is.

    Args:
        data: Where the faces are, and how many unreadable images may be left out of them.
        parts: Of the folder, those that are read.

    Raises:
        InputError: As `passed_over`.

    """
    if data.root is None:
        return []
    unreadable = unreadable_in(read_reserve(data).folder, parts, data) if data.allow_corrupt else ()
    return [PassedOver(account_at(Path(data.root), data.layout), tuple(unreadable))]


def unreadable_in(folder: FaceFolder, parts: Iterable[str], data: DataConfig) -> list[Path]:
    """Return the images of some parts that are left out, as so many unreadable ones are allowed."""
    found: list[Path] = []
    for part in parts if data.allow_corrupt else ():
        faces: FaceList = getattr(folder, part)
        if faces.paths:
            pack = open_pack(faces, data.image_px, allow_corrupt=data.allow_corrupt)
            kept = set(pack.kept_N.tolist())
            found += [path for row, path in enumerate(faces.paths) if row not in kept]
    return found
