# Copyright (c) clipbert_mm contributors.
"""Grid encoder: order of operations, the temporal fusions."""

import pytest
import torch
import torch.nn.functional as F

from clipbert_mm.models import GridEncoder

FEATURES = torch.randn(
    2, 3, 4, 5, 7, generator=torch.Generator().manual_seed(0)
)


def test_grid_encoder__mean_of_frames_by_a_naive_loop() -> None:
    neck = GridEncoder(in_channels=4, out_channels=6)
    grid = neck(FEATURES)
    assert grid.shape == (2, 2, 3, 6)
    for clip in range(2):
        frames = []
        for frame in range(3):
            x = F.conv2d(FEATURES[clip, frame], neck.conv.weight, padding=1)
            x = F.max_pool2d(x, 2)
            frames.append(x.clamp(min=0))
        expected = sum(frames) / 3  # (D, Hg, Wg)
        for row in range(2):
            for col in range(3):
                torch.testing.assert_close(
                    grid[clip, row, col], expected[:, row, col]
                )


@pytest.mark.parametrize('fusion', ['mean', 'conv3d', 'conv2plus1d', 'join'])
def test_grid_encoder__every_parameter_gets_a_gradient(fusion: str) -> None:
    neck = GridEncoder(4, 6, fusion)
    neck(FEATURES).pow(2).sum().backward()
    for name, param in neck.named_parameters():
        assert param.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    'fusion, sees_order',
    [('mean', False), ('conv3d', True), ('conv2plus1d', True)],
)
def test_grid_encoder__only_convolutions_see_the_order_of_frames(
    fusion: str, sees_order: bool
) -> None:
    neck = GridEncoder(4, 6, fusion)
    order = torch.tensor([1, 0, 2])
    same = torch.allclose(neck(FEATURES), neck(FEATURES[:, order]), atol=1e-6)
    assert same is not sees_order


def test_grid_encoder__joined_frames_are_those_of_a_naive_loop() -> None:
    neck = GridEncoder(4, 6, 'join')
    grid = neck(FEATURES)
    assert grid.shape == (2, 3, 2, 3, 6)
    for clip in range(2):
        for frame in range(3):
            x = F.conv2d(FEATURES[clip, frame], neck.conv.weight, padding=1)
            x = F.max_pool2d(x, 2).clamp(min=0)  # (D, Hg, Wg)
            torch.testing.assert_close(
                grid[clip, frame], x.movedim(0, -1), msg=f'{clip}, {frame}'
            )


def test_grid_encoder__one_joined_frame_is_its_mean() -> None:
    joined, mean = GridEncoder(4, 6, 'join'), GridEncoder(4, 6)
    mean.load_state_dict(joined.state_dict())  # no weights of its own
    one = FEATURES[:, :1]
    assert torch.equal(joined(one)[:, 0], mean(one))


def test_grid_encoder__norm_gives_cells_of_unit_scale_before_relu() -> None:
    """Whatever the scale of the backbone's features, which have none."""
    plain = GridEncoder(4, 6, pool=1)
    normed = GridEncoder(4, 6, pool=1, norm='batch')
    normed.load_state_dict(plain.state_dict(), strict=False)
    grid = plain.conv(FEATURES.flatten(0, 1))
    scaled = (grid - grid.mean((0, 2, 3), keepdim=True)) / grid.std(
        (0, 2, 3), correction=0, keepdim=True
    )
    expected = scaled.relu().unflatten(0, (2, 3)).mean(1).permute(0, 2, 3, 1)
    for scale in (1, 100):
        torch.testing.assert_close(
            normed(scale * FEATURES), expected, atol=1e-3, rtol=0
        )


def test_grid_encoder__wrong_options() -> None:
    with pytest.raises(ValueError, match="'batch'.*'layer'"):
        GridEncoder(norm='layer')
    with pytest.raises(ValueError, match="'conv2plus1d'.*'lstm'"):
        GridEncoder(temporal_fusion='lstm')
    with pytest.raises(ValueError, match='got 0'):
        GridEncoder(pool=0)
    with pytest.raises(ValueError, match='expects 8 channels.*got 4'):
        GridEncoder(in_channels=8)(FEATURES)
    with pytest.raises(ValueError, match='1x7'):
        GridEncoder(in_channels=4)(FEATURES[..., :1, :])
