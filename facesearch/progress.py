"""How far a long loop is: the loop tells it, and whoever asked hears it.

    with heard_by(lambda what, done, total: print(what, done, total)):
        for image in track(images, "embedding faces"):
            ...

So nothing between the command line and a loop has to pass anything on. Without a listener it costs
one look-up a loop.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
# Called with what is done, how much of it, and how much there is: at first with 0.
Hear = Callable[[str, int, int], None]
_hear: ContextVar[Hear | None] = ContextVar("hear", default=None)


@contextmanager
def heard_by(hear: Hear) -> Iterator[None]:
    """Let ``hear`` be told of all loops inside the block, in this thread."""
    token = _hear.set(hear)
    try:
        yield
    finally:
        _hear.reset(token)


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items, and tell after each how many are done."""
    hear = _hear.get()
    if hear is None:
        yield from items
        return
    hear(what, 0, len(items))
    for done, item in enumerate(items, start=1):
        yield item
        hear(what, done, len(items))
