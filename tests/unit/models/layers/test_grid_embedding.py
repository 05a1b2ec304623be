# Copyright (c) clipbert_mm contributors.
"""Visual tokens against a loop over the cells."""

import pytest
import torch
from torch import Tensor

from clipbert_mm.models.layers.grid_embedding import (
    GridEmbedding,
    sample_cells,
)


def embedding(**options: object) -> GridEmbedding:
    """Return an embedding whose tensors all differ, in double."""
    torch.manual_seed(0)
    module = GridEmbedding(hidden_size=6, max_grid_size=5, **options)
    for param in module.parameters():
        torch.nn.init.normal_(param)
    return module.double()


def naive(module: GridEmbedding, grid: Tensor) -> Tensor:
    """Embed one cell after the other, row by row."""
    tokens = []
    for i in range(grid.shape[2]):
        for j in range(grid.shape[3]):
            token = grid[:, :, i, j] + module.row_position_embeddings.weight[i]
            token = token + module.col_position_embeddings.weight[j]
            token = token + module.token_type_embeddings.weight[0]
            mean = token.mean(-1, keepdim=True)
            var = (token - mean).square().mean(-1, keepdim=True)
            token = (token - mean) / (var + module.LayerNorm.eps).sqrt()
            tokens.append(
                token * module.LayerNorm.weight + module.LayerNorm.bias
            )
    return torch.stack(tokens, 2)


GRID = torch.randn(
    2,
    3,
    4,
    5,
    6,
    dtype=torch.double,
    generator=torch.Generator().manual_seed(1),
)


def test_grid_embedding__equals_a_loop_over_cells() -> None:
    module = embedding(layer_norm_eps=0.1).eval()
    found = module(GRID)
    assert found.shape == (2, 3, 20, 6)
    torch.testing.assert_close(found, naive(module, GRID))


def test_grid_embedding__each_joined_frame_has_the_same_positions() -> None:
    module = embedding().eval()
    frames = torch.stack([GRID, 2 * GRID.flip(0)], 2)  # (N, C, T, Hg, Wg, D)
    expected = [naive(module, frames[:, :, i]) for i in range(2)]
    found = module(frames)
    assert found.shape == (2, 3, 40, 6)
    torch.testing.assert_close(found, torch.cat(expected, 2))


def test_grid_embedding__joined_cells_are_drawn_from_all_frames() -> None:
    module = embedding(num_sampled_cells=12, dropout=0.0).train()
    found = module(torch.stack([GRID, GRID], 2)[:, :, :, :2, :2])  # 8 cells
    assert found.shape == (2, 3, 8, 6)


def test_grid_embedding__drawn_cells_in_training_alone() -> None:
    module = embedding(num_sampled_cells=7, dropout=0.0)
    every = naive(module, GRID)
    torch.manual_seed(5)
    found = module.train()(GRID)
    torch.manual_seed(5)
    kept = sample_cells(20, 7, torch.device('cpu'))
    torch.testing.assert_close(found, every[:, :, kept])
    torch.testing.assert_close(module.eval()(GRID), every)


def test_grid_embedding__dropout() -> None:
    module = embedding(dropout=0.5).train()
    found = module(GRID)
    dropped = found == 0
    assert 0.4 < dropped.double().mean() < 0.6
    torch.testing.assert_close(
        found[~dropped], 2 * naive(module, GRID)[~dropped]
    )


def test_grid_embedding__new_weights() -> None:
    module = GridEmbedding(hidden_size=64, initializer_range=0.02)
    weights = module.row_position_embeddings.weight
    assert weights.shape == (100, 64)
    assert weights.std().item() == pytest.approx(0.02, rel=0.1)


def test_sample_cells__ascending_and_distinct() -> None:
    device = torch.device('cpu')
    draws = [sample_cells(10, 4, device).tolist() for _ in range(60)]
    for draw in draws:
        assert draw == sorted(set(draw))
        assert len(draw) == 4
    assert {cell for draw in draws for cell in draw} == set(range(10))
    assert sample_cells(3, 9, device).tolist() == [0, 1, 2]


@pytest.mark.parametrize('shape', [(6, 2), (2, 6)])
def test_grid_embedding__grid_beyond_the_embeddings(
    shape: tuple[int, int],
) -> None:
    with pytest.raises(
        ValueError,
        match=f'^The grid has {shape[0]}x{shape[1]} cells, but there are '
        'embeddings for 5 rows and columns. Use smaller frames or a larger '
        r'max_grid_size\.$',
    ):
        embedding()(torch.zeros(1, 1, *shape, 6, dtype=torch.double))


def test_grid_embedding__refuses_no_cells() -> None:
    with pytest.raises(
        ValueError, match='num_sampled_cells must be .*, but got 0'
    ):
        GridEmbedding(num_sampled_cells=0)
