import pytest
from models import CONFIG

from facesearch.config import HEAD_CONFIGS, RunConfig, as_plain
from facesearch.config.heads import margins_of
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


@pytest.mark.parametrize("name", HEAD_CONFIGS)
def test_the_fine_tuning_multiplies_the_margins_of_a_head_and_nothing_else(name: str) -> None:
    has_warmup = "margin_warmup" in HEAD_CONFIGS[name].model_fields
    head = {"type": name, **({"margin_warmup": 0.25} if has_warmup else {})}
    trial = RunConfig.model_validate({**CONFIG, "head": head, "augment": {}})
    first, second = member_stages(trial, Plan(fine_tune=FineTune(2, margin_factor=1.25)))[0]
    before, after = as_plain(first.head), as_plain(second.head)
    margins = margins_of(HEAD_CONFIGS[name])
    assert all(before[margin] > 0 for margin in margins)
    assert after == {**before, **{m: pytest.approx(1.25 * before[m]) for m in margins}}
    told = in_words([(first, second)]).partition(" with ")[2]
    assert told == " and ".join(f"{m} {after[m]:.3g}" for m in before if m in margins)


def test_a_factor_of_one_leaves_every_margin_to_the_last_digit() -> None:
    first, second = member_stages(TRIAL, Plan(fine_tune=FineTune(2)))[0]
    assert second.head == first.head


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(image_px=1), r"finalize: data\.image_px: must be >= 16, but got 1\."),
        (
            Plan(epochs=0, fine_tune=FineTune(2, margin_factor=40)),
            r"finalize: train\.epochs: must be >= 1, but got 0\.",
        ),
        (
            Plan(fine_tune=FineTune(2, margin_factor=40)),
            r"finalize: head\.margin_cos: must be < 1, but got ",
        ),
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
