import threading

from facesearch.progress import heard_by, track


def test_a_loop_tells_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    with heard_by(lambda *what: told.append(what)):
        assert list(track("abc", "letters")) == ["a", "b", "c"]
        assert list(track([], "nothing")) == []
    assert told == [("letters", n, 3) for n in range(4)] + [("nothing", 0, 0)]


def test_without_a_listener_it_is_only_a_loop() -> None:
    told: list[int] = []
    with heard_by(lambda what, done, total: told.append(done)):
        pass
    assert list(track([1, 2], "after")) == [1, 2] and told == []


def test_an_item_is_done_when_the_next_is_asked_for() -> None:
    told: list[int] = []
    with heard_by(lambda what, done, total: told.append(done)):
        for number in track(range(1, 4), "x"):
            assert told == list(range(number))


def test_other_threads_are_not_heard() -> None:
    told: list[int] = []
    with heard_by(lambda what, done, total: told.append(done)):
        thread = threading.Thread(target=lambda: list(track([1], "elsewhere")))
        thread.start()
        thread.join()
    assert told == []
