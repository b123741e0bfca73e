"""Reading the text files that come with faces, as the systems write them."""

import codecs
from pathlib import Path

from facesearch.data.layouts.faults import Faults

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, what: str, faults: Faults, place: str = "") -> str | None:
    """Return what a file says, or None and a fault.

    Args:
        path: The file: in UTF-8 with or without a byte-order mark, or in UTF-16 with one, as
            Windows' command line writes it.
        what: What it should be; a fault says that it is not ``what`` in UTF-8.
        faults: Where a fault is added.
        place: How the file is called in it; its name if empty.

    """
    place = place or path.name
    try:
        content = path.read_bytes()
        return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except OSError as error:
        faults.append(f"{place}: cannot be read ({error.strerror})")
    except UnicodeDecodeError as error:
        faults.append(f"{place}: not {what} in UTF-8 ({error}); save or copy it again")
    return None
