# Copyright (c) clipbert_mm contributors.
"""Find out whether torchcodec reads a video wrongly."""

import av

from clipbert_mm.media.packet_index import PacketIndex

# Where torchcodec's seeking fails or ends at a wrong frame.
_NO_SEEKING = 'mpegts mpeg mpegvideo swf h264 hevc vvc'.split()


def torchcodec_refusal(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    index: PacketIndex,
) -> str:
    """Return why torchcodec would read a video wrongly.

    Args:
        container (av.container.InputContainer): Open file.
        stream (av.video.stream.VideoStream): Its video stream.
        index (PacketIndex): Index of its frames.

    Returns:
        str: The reason; empty if it would not.
    """
    form = container.format
    problems = {
        f'torchcodec cannot seek in {form.long_name}': (
            form.name in _NO_SEEKING
        ),
        'torchcodec takes its B-frames for their neighbours': (
            index.counted and bool(stream.codec_context.has_b_frames)
        ),
        'torchcodec shows frames that its edit list hides': index.num_hidden
        > 0,
        'torchcodec cannot decode its first frames': index.num_leading > 0,
    }
    return next((text for text, holds in problems.items() if holds), '')
