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
from facesearch.data.layouts import FaceList
from facesearch.data.layouts.account import Account, account_at
from facesearch.data.pack import doubles_in, open_pack
from facesearch.errors import first_names

_SHOWN = 2


@dataclass(frozen=True)
class PassedOver:
    """What a command passes over of a folder, and what of it cannot be right.

    Args:
        account: Of the folder, or of a list of pairs.
        unreadable: Images that are left out as they cannot be decoded.
        contradictions: Pairs of files that are the same, byte by byte, but of two identities.

    """

    account: Account
    unreadable: tuple[Path, ...] = ()
    contradictions: tuple[tuple[Path, Path], ...] = ()

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
        if self.contradictions:
            names = [
                " = ".join(os.path.relpath(p, root) for p in two) for two in self.contradictions
            ]
            some = first_names(names, len(names) if is_whole else _SHOWN)
            noun = "image is" if len(names) == 1 else "images are"
            lines.append(f"{len(names)} {noun} there twice, as two identities: {some}")
        if not lines:
            return []
        lines = lines if is_whole else ["; ".join(lines)]
        if not root.is_file():  # of a list of pairs this is all
            lines[-1] += f" (more: facesearch data check {shlex.quote(str(root))})"
        return [f"{root}: {line}" for line in lines]

    def counts(self) -> list[str]:
        """Return a line without names of files, as what leaves this machine names nobody."""
        files, twice = len(self.account.left_out) + len(self.unreadable), len(self.contradictions)
        folders, pairs = len(self.account.silent), self.account.num_pairs_left_out
        if not files and not folders and not twice and not pairs:
            return []
        name = self.account.root.name
        said = f", pairs that are not scored: {pairs}" if pairs else ""
        return [
            f"{name}: passed over: {files} file{'' if files == 1 else 's'}, and {folders} "
            f"folder{'' if folders == 1 else 's'} of which no image is read; there twice, as two "
            f"identities: {twice}{said} (which, and why: facesearch data check FOLDER)."
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
        parts: Of the folder, those that are read; they are decoded, or in the cache.

    Raises:
        InputError: As `passed_over`; and for more unreadable images than may be left out.

    """
    if data.root is None:
        return []
    folder = read_reserve(data).folder
    lists: list[FaceList] = [faces for part in parts if len(faces := getattr(folder, part))]
    unreadable: list[Path] = []
    twice: list[tuple[Path, Path]] = []
    for faces in lists:
        pack = open_pack(faces, data.image_px, allow_corrupt=data.allow_corrupt)
        kept = set(pack.kept_N.tolist())
        unreadable += [path for row, path in enumerate(faces.paths) if row not in kept]
        twice += contradictions(faces, doubles_in(pack, faces))
    account = account_at(Path(data.root), data.layout)
    return [PassedOver(account, tuple(unreadable), tuple(twice))]


def contradictions(faces: FaceList, doubles: Iterable[tuple[int, int]]) -> list[tuple[Path, Path]]:
    """Return the files of which a list says that they are of two identities.

    Args:
        faces: The list.
        doubles: Rows that are the same file, byte by byte, each with an earlier one.

    """
    names = faces.identities
    return [
        (faces.paths[first], faces.paths[row])
        for row, first in doubles
        if names[row] and names[first] and names[row] != names[first]
    ]
