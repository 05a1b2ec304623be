# Copyright (c) clipbert_mm contributors.
"""Random draws of dataset items: generators by seed, groups of rows."""

import numpy as np

# An index, or (seed, epoch, index) as EpochSampler gives it, to which
# ConcatTextDataset adds the number of the member.
Index = int | tuple[int, ...]


def split_index(
    idx: Index, length: int, owner: str, without_seed: bool = False
) -> tuple[int, int, int]:
    """Return seed, epoch and non-negative index of an item.

    Args:
        idx (Index): Index, or seed, epoch and index, or these and the number
            of a member of ``ConcatTextDataset``.
        length (int): Number of items of the dataset.
        owner (str): Class name of the dataset, for the message.
        without_seed (bool): Whether seed and epoch do not count, as in
            testing. Defaults to False.

    Returns:
        tuple[int, int, int]: Seed, epoch and index. Seed and epoch are 0
        without them.

    Raises:
        IndexError: If the index is out of range.

    Example:
        >>> split_index((7, 3, -1), 10, 'VideoTextRetrieval')
        (7, 3, 9)
    """
    numbers = idx if isinstance(idx, tuple) else (0, 0, idx)
    seed, epoch, index, *member = numbers
    if not -length <= index < length:
        raise IndexError(
            f'{owner} has {length} items, but got the index {index}.'
        )
    if without_seed:
        seed = epoch = 0
    if member:
        # Above the bits of any seed; the first member draws as it would
        # alone.
        seed = int(seed) + (member[0] << 64)
    return seed, epoch, index % length


def item_generator(
    seed: int, epoch: int, index: int, attempt: int
) -> np.random.Generator:
    """Return the generator of all random draws of an item.

    Args:
        seed (int): Seed of the run.
        epoch (int): Epoch.
        index (int): Index of the item.
        attempt (int): Number of unreadable files that it replaces.

    Returns:
        np.random.Generator: The generator.

    Example:
        >>> item_generator(0, 3, 7, 0).integers(100).item()
        98
    """
    return np.random.default_rng((seed, epoch, index, attempt))


def deal_rows(
    rows: np.ndarray,
    group_size: int,
    seed: int,
    epoch: int,
    media_ind: int,
) -> np.ndarray:
    """Return the rows of a video in the order in which items take them.

    Differs from reference: the rows of a video are dealt to its items afresh
    in every epoch, by a generator that all items of the video share, instead
    of in file order.

    Args:
        rows (np.ndarray): Rows of the video, in file order.
        group_size (int): Rows per item; a single one keeps the order.
        seed (int): Seed of the run.
        epoch (int): Epoch.
        media_ind (int): Index of the video.

    Returns:
        np.ndarray: The rows, permuted.

    Example:
        >>> deal_rows(np.arange(4), 1, 0, 0, 0).tolist()
        [0, 1, 2, 3]
        >>> sorted(deal_rows(np.arange(4), 2, 0, 0, 0).tolist())
        [0, 1, 2, 3]
    """
    if group_size == 1:
        return rows
    # The constant keeps it apart from the generators of items.
    dealer = np.random.default_rng((seed, epoch, media_ind, 0, 1))
    return dealer.permutation(rows)


def take_group(
    rows: np.ndarray, part: int, group_size: int, rng: np.random.Generator
) -> list[int]:
    """Return the group of an item, filled up by repeating random members.

    Args:
        rows (np.ndarray): Rows of a video; see :func:`deal_rows`.
        part (int): Number of the item among those of the video.
        group_size (int): Rows per item.
        rng (np.random.Generator): Generator of the item.

    Returns:
        list[int]: ``group_size`` rows.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> take_group(np.array([5, 6, 7]), 0, 2, rng)
        [5, 6]
        >>> take_group(np.array([5, 6, 7]), 1, 2, rng)
        [7, 7]
    """
    group = rows[part * group_size : (part + 1) * group_size]
    missing = group_size - len(group)
    return [*group.tolist(), *rng.choice(group, missing).tolist()]
