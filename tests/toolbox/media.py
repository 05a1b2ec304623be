# Copyright (c) clipbert_mm contributors.
"""Real video files, made with PyAV, and files that are broken."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import decord
import lmdb
import numpy as np
from PIL import Image

# Far enough apart that compression cannot mix up two neighbours.
BRIGHTNESS_STEP = 6


def write_video(
    path: Path,
    num_frames: int = 10,
    fps: int = 10,
    size: tuple[int, int] = (64, 48),
    milliseconds: Sequence[int] | None = None,
    faststart: bool = False,
) -> Path:
    """Write h264 whose frame i has the brightness that stands for i.

    Args:
        path (Path): Path of the file.
        num_frames (int): Number of frames, at most 40.
        fps (int): Frames per second.
        size (tuple[int, int]): Width and height.
        milliseconds (Sequence[int] | None): Time of each frame, for a
            variable rate. Defaults to None, a constant rate.
        faststart (bool): Put the index before the frames.

    Returns:
        Path: ``path``.
    """
    options = dict(movflags='faststart') if faststart else {}
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream('libx264', rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        stream.options = dict(crf='10', preset='ultrafast')
        if milliseconds is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i in range(num_frames):
            level = 5 + BRIGHTNESS_STEP * i
            pixels = np.full((size[1], size[0], 3), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            if milliseconds is not None:
                frame.pts = milliseconds[i]
                frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def index_of(frame: np.ndarray) -> int:
    """Return the index of a decoded frame of :func:`write_video`."""
    return round((float(frame.mean()) - 5) / BRIGHTNESS_STEP)


def write_gif(
    path: Path,
    num_frames: int = 10,
    delays: Sequence[int] | None = None,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Write a GIF whose frame i has the brightness that stands for i.

    Args:
        path (Path): Path of the file.
        num_frames (int): Number of frames, at most 40.
        delays (Sequence[int] | None): Milliseconds of each frame. Defaults to
            None, 100 for all.
        size (tuple[int, int]): Width and height.

    Returns:
        Path: ``path``.
    """
    frames = [
        Image.fromarray(np.full(size[::-1], 5 + BRIGHTNESS_STEP * i, np.uint8))
        for i in range(num_frames)
    ]
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=100 if delays is None else list(delays),
        loop=0,
    )
    return path


def read_all(path: Path) -> tuple[np.ndarray, float]:
    """Return all frames that decord finds in a video, and their rate."""
    reader = decord.VideoReader(str(path))
    return reader.get_batch(range(len(reader))).asnumpy(), reader.get_avg_fps()


def write_sound(path: Path) -> Path:
    """Write an mp4 with sound and no video."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=44100)
        samples = np.zeros((1, 1024), np.float32)
        for i in range(20):
            frame = av.AudioFrame.from_ndarray(
                samples, format='fltp', layout='mono'
            )
            frame.sample_rate = 44100
            frame.pts = 1024 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_lines(path: Path, records: Sequence[dict]) -> str:
    """Write JSON lines."""
    path.write_text('\n'.join(json.dumps(record) for record in records))
    return str(path)


def write_lmdb(path: Path, content: dict[str, bytes]) -> Path:
    """Write an LMDB as ClipBERT has it: bytes of files under their stems."""
    environment = lmdb.open(str(path), map_size=2**24)
    with environment.begin(write=True) as transaction:
        for key, value in content.items():
            transaction.put(key.encode('utf-8'), value)
    environment.close()
    return path


def pipeline(
    vocab_dir: str,
    num_clips: int = 2,
    mode: str = 'random',
    texts: bool = True,
) -> list[dict]:
    """Return the usual transforms, at the size of the files above."""
    steps: list[dict] = [
        dict(type='LoadVideo'),
        dict(
            type='SparseClipSampler',
            clip_len=2,
            num_clips=num_clips,
            target_fps=5,
            mode=mode,
        ),
        dict(type='DecordDecode'),
        dict(type='ResizeLongSide', size=32),
        dict(type='PadFrames', size=32),
        dict(type='FormatClips'),
    ]
    keys: tuple[str, ...] = ('imgs',)
    fields: tuple[str, ...] = ('own_text_inds', 'own_text_ids')
    if texts:
        steps += [
            dict(type='BertTokenize', tokenizer=vocab_dir, max_txt_len=8),
            dict(type='MaskTokens', tokenizer=vocab_dir),
        ]
        keys = ('imgs', 'input_ids', 'attention_mask')
        fields = ('text_labels', 'mlm_labels')
    return [
        *steps,
        dict(
            type='PackActionInputs',
            collect_keys=keys,
            algorithm_keys=fields,
            meta_keys=('video_id', 'filename'),
        ),
    ]


def flat(item: dict) -> list:
    """Return the content of a packed item, for comparing items."""
    sample = item['data_samples']
    values = [item['inputs'][key].tolist() for key in sorted(item['inputs'])]
    return [
        sample.video_id,
        *values,
        sample.text_labels.tolist(),
        sample.mlm_labels.tolist(),
    ]
