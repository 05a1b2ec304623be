# Copyright (c) clipbert_mm contributors.
"""Drawing of the quickstart's colours, shapes and backgrounds."""

import numpy as np

COLOURS = {
    'red': (220, 40, 40),
    'green': (40, 200, 60),
    'blue': (50, 70, 230),
    'yellow': (230, 220, 50),
    'purple': (160, 50, 200),
    'white': (240, 240, 240),
}
SHAPES = ('circle', 'square', 'triangle', 'cross', 'ring')
GROUNDS = {
    'black': (14, 14, 14),
    'gray': (120, 120, 120),
    'brown': (110, 70, 30),
    'teal': (20, 110, 110),
}
TEXTURES = ('plain', 'gradient', 'stripes', 'checks')


def draw_ground(
    ground: str, texture: str, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Draw a textured background whose mean is its colour.

    Args:
        ground (str): One of :data:`GROUNDS`.
        texture (str): One of :data:`TEXTURES`.
        rows (np.ndarray): Row index of every pixel, ``(H, W)``.
        columns (np.ndarray): Column index of every pixel, ``(H, W)``.

    Returns:
        np.ndarray: ``(H, W, 3)``, int16.
    """
    height, width = rows.shape
    stripe = max(4, width // 8)
    pattern = {
        'plain': np.zeros(rows.shape),
        'gradient': 2 * rows / height - 1,
        'stripes': 1 - 2 * (columns // stripe % 2),
        'checks': 1 - 2 * ((columns // stripe + rows // stripe) % 2),
    }[texture]
    image = np.array(GROUNDS[ground]) + 12 * pattern[..., None]
    return image.astype(np.int16)


def inside(
    shape: str, dx: np.ndarray, dy: np.ndarray, radius: float
) -> np.ndarray:
    """Return the mask of the pixels that a shape covers.

    Args:
        shape (str): One of :data:`SHAPES`.
        dx (np.ndarray): Distance of every pixel from the centre to the
            right, pixels, ``(H, W)``.
        dy (np.ndarray): The same, downwards.
        radius (float): Radius of the shape, pixels.

    Returns:
        np.ndarray: ``(H, W)``, bool.
    """
    if shape == 'square':
        return np.maximum(abs(dx), abs(dy)) <= 0.85 * radius
    if shape == 'triangle':
        return (
            (dy <= 0.8 * radius)
            & (dy >= -radius)
            & (abs(dx) <= 0.55 * (dy + radius))
        )
    if shape == 'cross':
        return (np.minimum(abs(dx), abs(dy)) <= 0.3 * radius) & (
            np.maximum(abs(dx), abs(dy)) <= radius
        )
    distance = dx**2 + dy**2
    disc = distance <= radius**2
    return (
        disc & (distance >= (0.55 * radius) ** 2) if shape == 'ring' else disc
    )
