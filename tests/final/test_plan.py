import pytest
from models import CONFIG

from facesearch.config import RunConfig, as_plain
from facesearch.errors import InputError
from facesearch.final.plan import FineTune, Plan, in_words, member_key, member_stages

TRIAL = RunConfig.model_validate(CONFIG)


def test_a_plan_without_wishes_is_the_trial() -> None:
    assert member_stages(TRIAL, Plan()) == [(TRIAL,)]


def test_seeds_differ_in_nothing_else() -> None:
    members = member_stages(TRIAL, Plan(seeds=3, epochs=7, image_px=24, ema_decay=0.9))
    assert [stages[0].train.seed for stages in members] == [0, 1, 2]
    for stages in members:
        plain = as_plain(stages[0])
        assert plain["train"].pop("seed") is not None
        assert plain["train"]["epochs"] == 7 and plain["data"]["image_px"] == 24
        assert plain["optim"]["ema_decay"] == 0.9


def test_the_fine_tuning_is_a_second_stage_with_a_larger_margin() -> None:
    plan = Plan(epochs=9, fine_tune=FineTune(2, image_px=32, margin_factor=1.5, lr_factor=0.1))
    first, second = member_stages(TRIAL, plan)[0]
    assert (first.train.epochs, second.train.epochs) == (9, 2)
    assert (first.data.image_px, second.data.image_px) == (16, 32)
    assert second.optim.lr == pytest.approx(0.1 * first.optim.lr)
    margins = [as_plain(stage.head)["margin_cos"] for stage in (first, second)]
    assert margins[1] == pytest.approx(1.5 * margins[0])
    assert as_plain(second.head)["scale"] == 16.0


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(image_px=1), r"image_px"),
        (Plan(fine_tune=FineTune(2, margin_factor=40)), r"head"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(plan: Plan, message: str) -> None:
    with pytest.raises(InputError, match=message):
        member_stages(TRIAL, plan)


def test_a_key_is_of_the_training_and_not_of_the_place() -> None:
    def moved(config: RunConfig) -> RunConfig:
        data = config.data.model_copy(update={"root": "/elsewhere"})
        return config.model_copy(update={"data": data})

    first, second = member_stages(TRIAL, Plan(seeds=2))
    assert member_key(first, "a") == member_key((moved(first[0]),), "a")
    keys = {
        member_key(first, "a"), member_key(second, "a"), member_key(first, "b"),
        member_key(first, "a", 2), member_key((*first, *first), "a"),
    }  # fmt: skip
    assert len(keys) == 5


def test_what_is_trained_is_said_in_words() -> None:
    assert in_words(member_stages(TRIAL, Plan(epochs=1))) == "1 network, 1 epoch at 16 px"
    plan = Plan(seeds=3, epochs=7, fine_tune=FineTune(2, image_px=32))
    told = "3 networks, 7 epochs at 16 px, then 2 epochs at 32 px"
    assert in_words(member_stages(TRIAL, plan)) == told
