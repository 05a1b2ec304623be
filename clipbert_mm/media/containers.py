# Copyright (c) clipbert_mm contributors.
"""Streams of media files that PyAV has opened."""

import av


def video_stream(
    container: av.container.InputContainer, num_threads: int = 1
) -> av.video.stream.VideoStream:
    """Return the first video stream of a file.

    Args:
        container (av.container.InputContainer): Open file.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1, because several processes decode side by side.

    Returns:
        av.video.stream.VideoStream: The stream.

    Raises:
        ValueError: If the file has no video stream.
    """
    if not container.streams.video:
        raise ValueError('it has no video stream')
    stream = container.streams.video[0]
    stream.codec_context.thread_count = num_threads
    return stream
