"""How names of identities and groups are spelled: when two of them are one.

Blanks around a name and its Unicode form say nothing, so names that differ in them only are one;
that is told. Upper and lower case may say something or not, so names that differ in it only are
refused.
"""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from facesearch.errors import first_names


def plain(name: str) -> str:
    """Return the one spelling of a name: in Unicode form NFC, without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def spelling_notes(where: str, written: Iterable[str]) -> list[str]:
    """Return a note on names that are one though they are written differently, or none.

    Args:
        where: Where the names stand.
        written: The names as they are written there.

    """
    spellings: dict[str, set[str]] = defaultdict(set)
    for name in set(written):
        spellings[plain(name)].add(name)
    several = [sorted(names) for names in spellings.values() if len(names) > 1]
    blank = [name for names in spellings.values() if len(names) == 1 for name in names]
    blank = sorted(name for name in blank if name != name.strip())
    notes = []
    if several:
        told = [" and ".join(map(ascii, names)) for names in sorted(several)]
        notes.append(
            f"{where}: names that differ in blanks around them or in their Unicode form are one: "
            f"{first_names(told)} ({len(several):,} in all)"
        )
    if blank:
        told = [ascii(name) for name in blank]
        notes.append(
            f"{where}: blanks around a name do not count: {first_names(told)} ({len(blank):,} in "
            "all)"
        )
    return notes


def case_twins(names: Iterable[str]) -> list[str]:
    """Return a fault for each set of names that differ in upper and lower case only."""
    twins: dict[str, set[str]] = defaultdict(set)
    for name in set(names):
        twins[name.lower()].add(name)
    return [
        f"{' and '.join(map(repr, sorted(names)))} differ in upper and lower case only: write them "
        "alike if they are one, or give one of them another name"
        for _, names in sorted(twins.items())
        if len(names) > 1
    ]


def undecodable(names: Iterable[str]) -> list[str]:
    """Return a fault for each name that is no UTF-8, as names of old systems may be."""
    found = []
    for name in sorted(set(names)):
        content = os.fsencode(name)
        try:
            content.decode()
        except UnicodeDecodeError:
            found.append(
                f"{content!r} is a name that is not in UTF-8; rename it, such as with: convmv -f "
                "latin1 -t utf8 -r --notest FOLDER"
            )
    return found
