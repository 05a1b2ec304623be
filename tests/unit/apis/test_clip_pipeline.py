# Copyright (c) clipbert_mm contributors.
"""Tests of the pipeline for files, frames and images."""

import copy
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from clipbert_mm.apis import VideoFrames
from clipbert_mm.apis.clip_pipeline import ClipPipeline
from clipbert_mm.media.errors import MediaError
from clipbert_mm.utils.config_loading import override_config
from tests.toolbox.damage import decode_in_order
from tests.toolbox.shrink import shrink

from .conftest import Trained


@pytest.mark.slow
def test_pipeline__frames_are_those_of_the_config(trained: Trained) -> None:
    init_default_scope('mmaction')
    whole = Compose(trained.cfg.test_dataloader.dataset.pipeline)
    pipeline = ClipPipeline(trained.cfg)
    for video in trained.videos[:3]:
        item = whole(
            dict(
                filename=video, video_id='', own_text_inds=[], own_text_ids=[]
            )
        )
        np.testing.assert_array_equal(
            pipeline(video).frames, item['inputs']['imgs'].numpy()
        )


def test_pipeline__times_of_the_clips(trained: Trained) -> None:
    frames = np.zeros((100, 32, 32, 3), np.uint8)
    clips = ClipPipeline(trained.cfg)(VideoFrames(frames, 10))
    # A clip of two frames at 2 fps is a second long, and the second of two
    # clips begins in the middle of the 9 s in which one may begin.
    assert clips.frames.shape[0] == 2
    assert clips.times == ((0.0, 1.0), (4.5, 5.5))


def test_pipeline__backends_of_the_config_do_not_count(
    trained: Trained,
) -> None:
    cfg = copy.deepcopy(trained.cfg)
    cfg.test_dataloader.dataset.pipeline[0].backend_args = dict(
        backend='lmdb', db_path='no.lmdb'
    )
    np.testing.assert_array_equal(
        ClipPipeline(cfg)(trained.videos[0]).frames,
        ClipPipeline(trained.cfg)(trained.videos[0]).frames,
    )


def test_pipeline__frames_in_memory_are_all_key_frames(
    trained: Trained,
) -> None:
    frames = np.random.default_rng(0).integers(
        0, 255, (100, 32, 32, 3), np.uint8
    )
    cfg = copy.deepcopy(trained.cfg)
    override_config(cfg, dict(snap_to_keyframes=True))
    np.testing.assert_array_equal(
        ClipPipeline(cfg)(VideoFrames(frames, 10)).frames,
        ClipPipeline(trained.cfg)(VideoFrames(frames, 10)).frames,
    )


def test_pipeline__image_is_a_video_of_one_frame(
    trained: Trained, tmp_path: Path
) -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    assert cv2.imwrite(str(tmp_path / 'a.png'), image)
    pipeline = ClipPipeline(trained.cfg)
    clips = pipeline(str(tmp_path / 'a.png'))
    alone = pipeline(VideoFrames(image[None, :, :, ::-1], 1))
    np.testing.assert_array_equal(clips.frames, alone.frames)
    np.testing.assert_array_equal(clips.frames[0, :, 0], clips.frames[1, :, 1])


def test_pipeline__model_of_images(tmp_path: Path, trained: Trained) -> None:
    root = Path(trained.cfg.test_dataloader.dataset.data_root)
    pipeline = ClipPipeline(shrink('clipbert_vqa', root))
    assert pipeline.reads_images
    image = cv2.imread(str(root / 'images/coco/test0.jpg'))[:, :, ::-1]
    clips = pipeline(str(root / 'images/coco/test0.jpg'))
    assert clips.times == ((0.0, 0.0),)
    np.testing.assert_array_equal(
        pipeline(VideoFrames(image[None], 1)).frames, clips.frames
    )
    with pytest.raises(MediaError, match='still images, not 2 frames'):
        pipeline(VideoFrames(np.stack([image, image]), 1))
    with pytest.raises(MediaError, match='not an image'):
        pipeline(trained.videos[0])


def test_pipeline__decoder(trained: Trained) -> None:
    np.testing.assert_array_equal(
        ClipPipeline(trained.cfg, 'decord')(trained.videos[0]).frames,
        ClipPipeline(trained.cfg)(trained.videos[0]).frames,
    )
    with pytest.raises(ValueError, match="decoder must be one of .* 'no'"):
        ClipPipeline(trained.cfg, 'no')
    cfg = copy.deepcopy(trained.cfg)
    cfg.test_dataloader.dataset.pipeline[0] = dict(type='DecordInit')
    with pytest.raises(ValueError, match="begins with 'DecordInit'"):
        ClipPipeline(cfg, 'pyav')


def damaged(source: str, path: Path) -> Path:
    """Write a copy whose frames, but for key frames, end in zeros."""
    content = bytearray(Path(source).read_bytes())
    with av.open(source) as file:
        for packet in file.demux(video=0):
            if packet.size and not packet.is_keyframe:
                end = packet.pos + packet.size
                content[end - packet.size // 2 : end] = bytes(packet.size // 2)
    path.write_bytes(content)
    return path


def test_pipeline__on_damage(trained: Trained, tmp_path: Path) -> None:
    path = damaged(trained.videos[0], tmp_path / 'a.mp4')
    whole = decode_in_order(path)
    assert whole.flagged
    with av.open(str(path)) as file:
        rate = float(file.streams.video[0].average_rate)
    with pytest.raises(MediaError, match='damaged'):
        ClipPipeline(trained.cfg)(str(path))
    used = ClipPipeline(trained.cfg, on_damage='use')(str(path))
    concealed = VideoFrames(np.stack(whole.frames), rate)
    np.testing.assert_array_equal(
        used.frames, ClipPipeline(trained.cfg)(concealed).frames
    )
    with pytest.raises(ValueError, match="on_damage must be one of .* 'no'"):
        ClipPipeline(trained.cfg, on_damage='no')


def test_pipeline__limits(trained: Trained, tmp_path: Path) -> None:
    image = str(tmp_path / 'a.png')
    assert cv2.imwrite(image, np.zeros((48, 64, 3), np.uint8))
    pipeline = ClipPipeline(trained.cfg, limits=dict(pixels=48 * 64 - 1))
    for file in (trained.videos[0], image):
        with pytest.raises(MediaError, match=r'limits=dict\(pixels=\.\.\.\)'):
            pipeline(file)
        ClipPipeline(trained.cfg, limits=dict(seconds=60))(file)
    with pytest.raises(TypeError, match=r"among .*, but got \['size'\]"):
        ClipPipeline(trained.cfg, limits=dict(size=1))


def test_pipeline__limits_of_a_model_of_images(trained: Trained) -> None:
    root = Path(trained.cfg.test_dataloader.dataset.data_root)
    cfg = shrink('clipbert_vqa', root)
    image = str(root / 'images/coco/test0.jpg')
    with pytest.raises(MediaError, match=r'limits=dict\(pixels='):
        ClipPipeline(cfg, limits=dict(pixels=1))(image)
    # What only videos have changes nothing.
    np.testing.assert_array_equal(
        ClipPipeline(cfg, 'decord', 'use')(image).frames,
        ClipPipeline(cfg)(image).frames,
    )


@pytest.mark.parametrize(
    'option', [dict(on_damage='use'), dict(limits=dict(pixels=9))]
)
def test_pipeline__options_of_other_loaders(
    trained: Trained, option: dict
) -> None:
    cfg = copy.deepcopy(trained.cfg)
    cfg.test_dataloader.dataset.pipeline[0] = dict(type='DecordInit')
    with pytest.raises(ValueError, match="begins with 'DecordInit'"):
        ClipPipeline(cfg, **option)


@pytest.mark.parametrize(
    'loader', [None, {}, dict(dataset={}), dict(dataset=dict(pipeline=[]))]
)
def test_pipeline__config_without_one(loader: object) -> None:
    with pytest.raises(ValueError, match='needs a pipeline in test_dataload'):
        ClipPipeline(Config(dict(test_dataloader=loader)))
