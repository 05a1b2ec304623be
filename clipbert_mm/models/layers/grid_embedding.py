# Copyright (c) clipbert_mm contributors.
"""Grid cells as visual tokens: row, column and type embeddings."""

import torch
from torch import Tensor, nn

from clipbert_mm.utils.checks import check_integer


def sample_cells(
    num_cells: int, num_sampled: int, device: torch.device
) -> Tensor:
    """Draw cells without replacement and keep their order.

    Args:
        num_cells (int): Number of cells of the grid.
        num_sampled (int): Maximum number of cells to keep.
        device (torch.device): Device of the result.

    Returns:
        Tensor: Increasing indices, ``(min(num_sampled, num_cells), )``.
    """
    kept = torch.randperm(num_cells, device=device)[:num_sampled]
    return kept.sort().values


class GridEmbedding(nn.Module):
    """Turn a clip's grid into visual tokens.

    Grid + row embedding + column embedding + the one visual token type, then
    LayerNorm and dropout; cells row by row, without sequence positions
    (``VisualInputEmbedding`` of the reference at a118b02, paper section
    "Model Architecture"). Of joined frames each has the same positions.

    Args:
        hidden_size (int): Width of the transformer. Defaults to 768.
        max_grid_size (int): Number of rows and columns with an embedding.
            Defaults to 100.
        num_sampled_cells (int | None): Number of cells drawn at random in
            training, one draw for the batch ("pixel random sampling" of
            image-text pretraining). Defaults to None: all.
        dropout (float): Probability of dropout. Defaults to 0.1.
        layer_norm_eps (float): Epsilon of the LayerNorm. Defaults to 1e-12.
        initializer_range (float): Standard deviation of the embeddings'
            initial values. Defaults to 0.02.

    Shape:
        - grid: ``(N, C, Hg, Wg, D)``, or joined ``(N, C, T, Hg, Wg, D)``
        - return: ``(N, C, V, D)``

    Raises:
        ValueError: If ``num_sampled_cells`` is not positive; in the forward
            pass, if the grid has more rows or columns than ``max_grid_size``.
    """

    def __init__(
        self,
        hidden_size: int = 768,
        max_grid_size: int = 100,
        num_sampled_cells: int | None = None,
        dropout: float = 0.1,
        layer_norm_eps: float = 1e-12,
        initializer_range: float = 0.02,
    ) -> None:
        super().__init__()
        if num_sampled_cells is not None:
            check_integer('num_sampled_cells', num_sampled_cells, 1)
        self.max_grid_size = max_grid_size
        self.num_sampled_cells = num_sampled_cells
        self.row_position_embeddings = nn.Embedding(max_grid_size, hidden_size)
        self.col_position_embeddings = nn.Embedding(max_grid_size, hidden_size)
        self.token_type_embeddings = nn.Embedding(1, hidden_size)
        self.LayerNorm = nn.LayerNorm(hidden_size, eps=layer_norm_eps)
        self.dropout = nn.Dropout(dropout)
        for module in (
            self.row_position_embeddings,
            self.col_position_embeddings,
            self.token_type_embeddings,
        ):
            nn.init.normal_(module.weight, std=initializer_range)

    def forward(self, grid: Tensor) -> Tensor:
        """Embed every cell, or the drawn ones in training."""
        height, width = grid.shape[-3:-1]
        if max(height, width) > self.max_grid_size:
            raise ValueError(
                f'The grid has {height}x{width} cells, but there are '
                f'embeddings for {self.max_grid_size} rows and columns. Use '
                'smaller frames or a larger max_grid_size.'
            )
        rows = self.row_position_embeddings.weight[:height, None]
        cols = self.col_position_embeddings.weight[None, :width]
        tokens = (grid + rows + cols).flatten(2, -2)  # (N, C, V, D)
        if self.training and self.num_sampled_cells is not None:
            tokens = tokens[
                :,
                :,
                sample_cells(
                    tokens.shape[2], self.num_sampled_cells, grid.device
                ),
            ]
        tokens = tokens + self.token_type_embeddings.weight[0]
        return self.dropout(self.LayerNorm(tokens))
