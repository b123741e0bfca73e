"""Whose turn it is to be written, and when: round-robin, with a pause after each failure.

What can wait (an epoch among others) waits as long as writing has taken more than a small share of
the time: so the cost of a store is bounded by time, however short the epochs are.

Not in this module: what is written (`targets.py`) and how (`runs.py`).
"""

import threading
import time
from collections.abc import Iterable, Iterator

# The number of a trial; None is the sweep itself.
Key = int | None
SWEEP: Key = None

FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 30.0
# At the end a store that fails gets this long without one success.
GRACE_S = 5.0
# What can wait takes no more of one core than this, and comes this much later at most.
SHARE = 0.02
MAX_DELAY_S = 10.0


def pause_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row, in seconds."""
    return float(min(MAX_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20)))


class Agenda:
    """The keys that are to be written; one thread takes them, any thread may add to them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # in the order of their turns: from when on each may be tried
        self._due: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._failures_in_row = 0
        self._rest_until = 0.0
        self._quiet_until = 0.0
        self._progress = 0.0
        self.is_closing = False
        self.is_over = False
        self._is_empty_at_end = False

    def mark(self, key: Key, *, can_wait: bool = False) -> None:
        """Put a key on the agenda, if it is not there; never waits.

        Args:
            key: Who has changed.
            can_wait: It may be gathered with further changes; one that cannot wait takes them
                along at once.

        """
        with self._changed:
            due = self._quiet_until if can_wait and not self.is_closing else 0.0
            if key not in self._due:
                self._due[key] = due
            elif key not in self._failures:  # whose pause stays
                self._due[key] = min(self._due[key], due)
            self._changed.notify_all()

    def spent(self, seconds: float) -> None:
        """Note what a turn has cost of a core's time: what can wait makes up for it."""
        with self._changed:
            now = time.monotonic()
            quiet = max(self._quiet_until, now) + seconds / SHARE
            self._quiet_until = min(quiet, now + MAX_DELAY_S)

    def turns(self) -> Iterator[Key]:
        """Yield whose turn it is, waiting for one, until the end."""
        while True:
            with self._changed:
                while not self.is_over:
                    wait_s = self._wait_s()
                    if wait_s is not None and wait_s <= 0:
                        break
                    self._is_empty_at_end = self.is_over = self.is_closing and not self._due
                    if not self.is_over:
                        self._changed.wait(wait_s)
                if self.is_over:
                    self._changed.notify_all()
                    return
                now = time.monotonic()
                key = next(key for key, due in self._due.items() if due <= now)
                del self._due[key]
            yield key

    def _wait_s(self) -> float | None:
        """Seconds until somebody's turn; None if nobody waits."""
        if not self._due:
            return None
        return max(self._rest_until, min(self._due.values())) - time.monotonic()

    def progress(self) -> None:
        """Note that the store took something."""
        self._progress = time.monotonic()

    def failed(self, key: Key) -> bool:
        """Put the key last, and rest; return whether nobody had failed before.

        The pause of the key keeps a broken one from holding the others up; the rest of all keeps
        a dead store from being asked once for every key.
        """
        with self._changed:
            is_first = not self._failures
            self._failures[key] = self._failures.get(key, 0) + 1
            self._failures_in_row += 1
            now = time.monotonic()
            self._due.pop(key, None)
            self._due[key] = now + pause_s(self._failures[key])
            self._rest_until = now + pause_s(self._failures_in_row)
            self._changed.notify_all()
            return is_first

    def succeeded(self, key: Key) -> bool:
        """Return whether this was the last key that had failed."""
        with self._changed:
            self._failures_in_row, self._rest_until = 0, 0.0
            self._progress = time.monotonic()
            was_failing = self._failures.pop(key, None) is not None
            return was_failing and not self._failures

    def finish(self, keys: Iterable[Key], timeout_s: float) -> bool:
        """Have all keys written a last time, in this order, without any pause left.

        Returns:
            Whether the agenda is empty: not so at the timeout, or if the store fails for long.

        """
        end = time.monotonic() + timeout_s
        with self._changed:
            self.is_closing, self._progress = True, time.monotonic()
            self._due = dict.fromkeys(keys, 0.0)
            self._rest_until = 0.0
            self._changed.notify_all()
            while not self.is_over:
                last = min(end, self._progress + GRACE_S) if self._failures else end
                left = last - time.monotonic()
                if left <= 0:
                    self.is_over = True
                    self._changed.notify_all()
                    break
                self._changed.wait(left)
            return self._is_empty_at_end
