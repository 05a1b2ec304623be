# Copyright (c) clipbert_mm contributors.
"""Names and shapes of ResNet50Grid, which are those of detectron2."""

#: Number of bottlenecks, inner width and outer width of each stage.
STAGES = {
    'res2': (3, 64, 256),
    'res3': (4, 128, 512),
    'res4': (6, 256, 1024),
    'res5': (3, 512, 2048),
}

#: Buffers of a frozen batch norm.
NORM_TENSORS = ('weight', 'bias', 'running_mean', 'running_var')


def conv_shapes() -> dict[str, tuple[int, ...]]:
    """Return the shapes of the convolutions of ResNet-50.

    Returns:
        dict[str, tuple[int, ...]]: Shape of each weight, by the name of its
        convolution.

    Example:
        >>> conv_shapes()['res2.0.conv2']
        (64, 64, 3, 3)
    """
    shapes: dict[str, tuple[int, ...]] = {'stem.conv1': (64, 3, 7, 7)}
    in_channels = 64
    for stage, (num_blocks, width, out_channels) in STAGES.items():
        for index in range(num_blocks):
            block = f'{stage}.{index}'
            if index == 0:
                shapes[f'{block}.shortcut'] = (out_channels, in_channels, 1, 1)
            shapes[f'{block}.conv1'] = (width, in_channels, 1, 1)
            shapes[f'{block}.conv2'] = (width, width, 3, 3)
            shapes[f'{block}.conv3'] = (out_channels, width, 1, 1)
            in_channels = out_channels
    return shapes


def backbone_shapes() -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors of ResNet50Grid.

    Returns:
        dict[str, tuple[int, ...]]: Shapes by name, without the prefix
        ``backbone.``.

    Example:
        >>> backbone_shapes()['stem.conv1.norm.running_var']
        (64,)
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for conv, shape in conv_shapes().items():
        shapes[f'{conv}.weight'] = shape
        for tensor in NORM_TENSORS:
            shapes[f'{conv}.norm.{tensor}'] = shape[:1]
    return shapes
