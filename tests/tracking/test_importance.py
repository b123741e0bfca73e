from random import Random

from facesearch.tracking.importance import by_importance, explained_share


def points(count: int = 200) -> list[tuple[dict[str, str], float]]:
    random = Random(0)
    made = []
    for _ in range(count):
        lr, head, idle = random.random(), random.choice("abc"), random.random()
        score = -abs(lr - 0.5) + 0.05 * "abc".index(head)
        params = {"lr": str(lr), "head": head, "idle": str(idle)}
        made.append((params, score))
    return made


def test_the_most_telling_comes_first_though_its_best_value_is_in_the_middle() -> None:
    assert by_importance(["idle", "head", "lr"], points()) == ["lr", "head", "idle"]
    assert explained_share("lr", points()) > 0.5
    assert abs(explained_share("idle", points())) < 0.05


def test_what_few_trials_have_counts_less() -> None:
    whole = points()
    few = [
        ({**p, "own": p["lr"]} if n % 4 == 0 else p, score) for n, (p, score) in enumerate(whole)
    ]
    assert explained_share("own", few) < 0.4 * explained_share("lr", few)


def test_what_cannot_be_told_explains_nothing() -> None:
    assert explained_share("lr", []) == 0
    assert explained_share("lr", [({"lr": "1"}, 0.5)] * 5) == 0
    assert explained_share("lr", [({"lr": str(n)}, 0.5) for n in range(2)]) == 0
