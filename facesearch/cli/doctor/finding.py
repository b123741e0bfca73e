"""What a look at one thing found."""

from dataclasses import dataclass
from typing import Literal

from facesearch.errors import without_secrets

State = Literal["ok", "note", "wrong"]
GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One line of the doctor.

    Attributes:
        about: What was looked at.
        state: ``ok``; ``note``, which slows or limits; or ``wrong``, which stops a command.
        found: What is there.
        mend: What to do about it; empty where nothing is to be done.

    """

    about: str
    state: State
    found: str
    mend: str = ""

    def __post_init__(self) -> None:
        """Leave out the secrets that addresses hold."""
        for name in ("found", "mend"):
            object.__setattr__(self, name, without_secrets(getattr(self, name)))


def gigabytes(num_bytes: float) -> str:
    """Return bytes in GB of 2**30, as memory is sold and disks are not."""
    return f"{num_bytes / GIB:.1f} GB"
