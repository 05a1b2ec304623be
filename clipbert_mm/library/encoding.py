# Copyright (c) clipbert_mm contributors.
"""Encode files for an index, in this process and its workers."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch.nn.functional as F
from mmengine.config import Config

from clipbert_mm.apis.clip_pipeline import Clips
from clipbert_mm.apis.video_text_model import VideoTextModel

from .decoding import decode_files
from .file_facts import FileFacts, digest_of
from .packing import pack_tokens
from .store import ClipRow
from .thumbnails import make_thumbnail


class EncodedVideo(NamedTuple):
    """A file that is ready to be written.

    Args:
        position (int): Position among the files that are encoded.
        digest (str): Digest of its content.
        clips (list[ClipRow] | str): Its clips, whose ``video`` is not known
            yet; or why it is unreadable.
    """

    position: int
    digest: str
    clips: list[ClipRow] | str


#: Encodes files, and yields them in any order.
Engine = Callable[[Sequence[FileFacts]], Iterator[EncodedVideo]]


def local_engine(
    model: VideoTextModel, config: Config, precision: str, workers: int = 0
) -> Engine:
    """Return an engine that decodes here or in workers, and encodes here.

    Args:
        model (VideoTextModel): Model of the index.
        config (Config): Config of the model.
        precision (str): Precision of the grids.
        workers (int): Processes that decode. Defaults to 0.

    Returns:
        Engine: The engine, which keeps the order of the files.
    """

    def encode(files: Sequence[FileFacts]) -> Iterator[EncodedVideo]:
        paths = [facts.path for facts in files]
        decoded = decode_files(config, paths, workers)
        for position, (path, clips) in enumerate(zip(paths, decoded)):
            rows = encode_clips(model, precision, clips)
            yield EncodedVideo(position, digest_of(path), rows)

    return encode


def encode_clips(
    model: VideoTextModel, precision: str, clips: Clips | str
) -> list[ClipRow] | str:
    """Encode the clips of a video.

    Args:
        model (VideoTextModel): Model of the index.
        precision (str): Precision of the grids.
        clips (Clips | str): Decoded clips, or why the file is unreadable.

    Returns:
        list[ClipRow] | str: Rows of video 0; or the reason as it came.
    """
    if isinstance(clips, str):
        return clips
    tokens = model.tokens([clips.frames])[0]
    grids = pack_tokens(tokens, precision)
    vectors = F.normalize(tokens.mean(1), dim=-1).tolist()
    return [
        ClipRow(
            0,
            i,
            start,
            end,
            grids[i],
            vectors[i],
            make_thumbnail(clips.frames[i], clips.image_shape),
        )
        for i, (start, end) in enumerate(clips.times)
    ]
