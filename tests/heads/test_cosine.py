import torch

from facesearch.heads.cosine import CosineCentres, replace_true, take_true


def test_cosines_stay_in_range_and_ignore_length() -> None:
    centres, faces = CosineCentres(8, 5), torch.randn(6, 8)
    cos = centres(faces)
    assert cos.abs().max() <= 1 + 1e-6
    torch.testing.assert_close(cos, centres(faces * 100))


def test_a_zero_embedding_has_a_finite_gradient() -> None:
    faces = torch.zeros(2, 8, requires_grad=True)
    CosineCentres(8, 5)(faces).sum().backward()
    assert faces.grad is not None and torch.isfinite(faces.grad).all()


def test_the_true_column_is_taken_and_replaced_in_a_copy() -> None:
    values, labels = torch.arange(6.0).reshape(2, 3), torch.tensor([2, 0])
    assert take_true(values, labels).tolist() == [2.0, 3.0]
    changed = replace_true(values, labels, torch.tensor([-1.0, -2.0]))
    assert changed.tolist() == [[0.0, 1.0, -1.0], [-2.0, 4.0, 5.0]]
    assert values[0, 2] == 2.0


def test_a_hundred_thousand_identities_fit() -> None:
    centres = CosineCentres(4, 100_000)
    cos = replace_true(centres(torch.randn(2, 4)), torch.tensor([0, 99_999]), torch.zeros(2))
    assert cos.shape == (2, 100_000) and cos[1, 99_999] == 0
