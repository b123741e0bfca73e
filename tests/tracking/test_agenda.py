import threading
import time
from collections.abc import Iterator

import pytest

from facesearch.tracking import agenda
from facesearch.tracking.agenda import SWEEP, Agenda, Key, pause_s


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(agenda, "GRACE_S", 0.3)


def marked(*keys: Key) -> tuple[Agenda, Iterator[Key]]:
    plan = Agenda()
    for key in keys:
        plan.mark(key)
    return plan, plan.turns()


def test_the_pause_doubles_to_half_a_minute() -> None:
    pauses = [pause_s(failures) for failures in (1, 2, 3, 6, 7, 8, 5000)]
    assert pauses == [0.5, 1.0, 2.0, 16.0, 30.0, 30.0, 30.0]


def test_keys_come_in_turn_and_each_once() -> None:
    plan, turns = marked(SWEEP, 0, 1, 0)
    assert [next(turns) for _ in range(2)] == [SWEEP, 0]
    plan.mark(0)
    assert [next(turns) for _ in range(2)] == [1, 0]


def test_a_key_that_failed_comes_last_and_later(quick: None) -> None:
    plan, turns = marked(0, 1, 2)
    assert next(turns) == 0
    begin = time.monotonic()
    assert plan.failed(0)
    assert next(turns) == 1 and time.monotonic() - begin > 0.015
    assert not plan.succeeded(1)
    assert [next(turns), next(turns)] == [2, 0]
    assert plan.succeeded(0)


def test_only_the_first_failure_and_the_last_recovery_are_news(quick: None) -> None:
    plan, turns = marked(0, 1)
    assert (plan.failed(next(turns)), plan.failed(next(turns))) == (True, False)
    assert (plan.succeeded(next(turns)), plan.succeeded(next(turns))) == (False, True)


def test_a_mark_wakes_who_waits() -> None:
    plan, turns = marked()
    threading.Timer(0.05, plan.mark, (7,)).start()
    assert next(turns) == 7


def finish(plan: Agenda, keys: list[Key], timeout_s: float) -> tuple[bool, float]:
    begin = time.monotonic()
    return plan.finish(keys, timeout_s), time.monotonic() - begin


def test_the_end_wakes_from_a_pause_and_waits_until_all_is_done() -> None:
    plan, turns = marked(0)
    for _ in range(5):
        plan.failed(0)  # a pause of 8 seconds
    done: list[Key] = []

    def work() -> None:
        for key in turns:
            done.append(key)
            plan.succeeded(key)

    thread = threading.Thread(target=work)
    thread.start()
    is_done, seconds = finish(plan, [0, 1, SWEEP], 5.0)
    thread.join()
    assert is_done and seconds < 2 and done == [0, 1, SWEEP]
    assert finish(plan, [0], 5.0)[0]  # a second end changes nothing


def test_the_end_gives_a_failing_store_up_after_a_grace(quick: None) -> None:
    plan, _ = marked(0)
    plan.failed(0)
    is_done, seconds = finish(plan, [0], 60.0)
    assert not is_done and 0.25 < seconds < 5
    assert plan.is_over and list(plan.turns()) == []


def test_the_end_gives_a_slow_store_up_at_the_timeout() -> None:
    plan, _ = marked(0)
    is_done, seconds = finish(plan, [0], 0.1)
    assert not is_done and seconds < 2


def test_what_can_wait_waits_as_long_as_writing_was_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda, "SHARE", 0.1)
    plan, turns = marked()
    plan.mark(0, can_wait=True)
    assert next(turns) == 0  # nothing was spent yet
    begin = time.monotonic()
    plan.spent(0.02)
    plan.spent(0.02)
    plan.mark(0, can_wait=True)
    plan.mark(1)
    assert [next(turns), next(turns)] == [1, 0]
    assert time.monotonic() - begin > 0.38


def test_what_cannot_wait_takes_along_what_was_gathered() -> None:
    plan, turns = marked()
    plan.spent(1000.0)
    plan.mark(0, can_wait=True)
    plan.mark(1, can_wait=True)
    plan.mark(1)
    assert next(turns) == 1
    assert plan._wait_s() > 1


def test_nothing_waits_longer_than_the_bound_nor_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agenda, "MAX_DELAY_S", 0.1)
    plan, turns = marked()
    plan.spent(1000.0)
    plan.mark(0, can_wait=True)
    assert next(turns) == 0
    monkeypatch.setattr(agenda, "MAX_DELAY_S", 1000.0)
    plan.spent(1000.0)
    plan.mark(0, can_wait=True)
    done: list[Key] = []
    thread = threading.Thread(target=lambda: done.extend(turns))
    thread.start()
    assert plan.finish([0], 5.0)
    thread.join()
    assert done == [0]


def test_a_change_does_not_cut_the_pause_of_a_failure_short() -> None:
    plan, turns = marked(0)
    next(turns)
    plan.failed(0)
    plan.mark(0)
    assert plan._due[0] > time.monotonic()
