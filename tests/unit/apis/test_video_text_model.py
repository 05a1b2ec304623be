# Copyright (c) clipbert_mm contributors.
"""Tests of features, logits and the handling of unreadable videos."""

import copy
import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.apis import (
    ClipBERTInferencer,
    SkippedVideo,
    VideoFeatures,
    VideoFrames,
)
from clipbert_mm.apis.clip_pipeline import ClipPipeline, Clips
from clipbert_mm.apis.video_text_model import VideoTextModel, find_tokenize
from clipbert_mm.media.errors import MediaError

from .conftest import Trained

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def core(trained: Trained, inferencer: ClipBERTInferencer) -> VideoTextModel:
    return VideoTextModel(inferencer.model, trained.cfg)


class CountedPipeline:
    """A pipeline that lists what it reads, and may be interrupted."""

    def __init__(self, pipeline: ClipPipeline, interrupt_at: int = 0) -> None:
        self._pipeline = pipeline
        self._interrupt_at = interrupt_at
        self.read: list[str] = []

    def __call__(self, video: str | VideoFrames) -> Clips:
        self.read.append(video if isinstance(video, str) else video.video)
        if len(self.read) == self._interrupt_at:
            raise KeyboardInterrupt
        return self._pipeline(video)


def remembering(
    trained: Trained, inferencer: ClipBERTInferencer, interrupt_at: int = 0
) -> tuple[VideoTextModel, list[str]]:
    """Return a model with a cache, and the list of what it reads."""
    core = VideoTextModel(inferencer.model, trained.cfg, cache_bytes=2**20)
    counted = CountedPipeline(core.pipeline, interrupt_at)
    core.pipeline = counted  # type: ignore[assignment]
    return core, counted.read


def test_features__unchanged_files_are_read_once(
    trained: Trained, core: VideoTextModel, inferencer: ClipBERTInferencer
) -> None:
    remembers, read = remembering(trained, inferencer)
    videos = trained.videos[:4]
    list(remembers.features(videos[:3], batch_size=2))
    found = list(remembers.features(videos[::-1]))
    assert read == videos
    for features, expected in zip(found, core.features(videos[::-1])):
        torch.testing.assert_close(features.tokens, expected.tokens)
        assert (features.video, features.clips, features.model) == (
            expected.video,
            expected.clips,
            expected.model,
        )


def test_features__a_changed_file_is_read_again(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    remembers, read = remembering(trained, inferencer)
    first, second = (Path(v).read_bytes() for v in trained.videos[:2])
    size = max(len(first), len(second))
    file = tmp_path / 'a.mp4'
    tokens = []
    for content in (first, second, first):
        file.write_bytes(content.ljust(size, b'\0'))
        os.utime(file, ns=(0, 0))
        (features,) = remembers.features([str(file)])
        tokens.append(features.tokens)
    assert read == [str(file)] * 3
    assert torch.equal(tokens[0], tokens[2])
    assert not torch.equal(tokens[0], tokens[1])


def test_features__links_keep_their_names(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    remembers, read = remembering(trained, inferencer)
    link = tmp_path / 'link.mp4'
    link.symlink_to(trained.videos[0])
    names = [trained.videos[0], str(link)]
    for name in names:
        (features,) = remembers.features([name])
        assert features.video == name
    assert read == names[:1]


def test_features__only_readable_files_are_remembered(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    remembers, read = remembering(trained, inferencer)
    bad = tmp_path / 'bad.mp4'
    bad.write_text('not a video')
    frames = VideoFrames(
        np.zeros((9, 32, 32, 3), np.uint8), 5, trained.videos[0]
    )
    for _ in range(2):
        found = list(remembers.features([str(bad), frames, 'no.mp4'], 'skip'))
    assert read == [str(bad), frames.video, 'no.mp4'] * 2
    assert [type(v) for v in found] == [
        SkippedVideo,
        VideoFeatures,
        SkippedVideo,
    ]
    list(remembers.features([frames.video]))
    assert len(read) == 7


def test_features__changes_of_a_result_stay_with_the_caller(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    remembers, _ = remembering(trained, inferencer)
    (first,) = remembers.features(trained.videos[:1])
    expected = first.tokens.clone()
    with torch.inference_mode():
        first.tokens.zero_()
    for _ in range(2):
        (again,) = remembers.features(trained.videos[:1])
        assert torch.equal(again.tokens, expected)
        again.tokens.zero_()


def test_features__ctrl_c_leaves_finished_batches_in_the_cache(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    remembers, read = remembering(trained, inferencer, interrupt_at=5)
    with pytest.raises(KeyboardInterrupt):
        list(remembers.features(trained.videos[:6], batch_size=2))
    read.clear()
    list(remembers.features(trained.videos[:6], batch_size=2))
    assert read == trained.videos[4:6]


def test_features__threads_share_the_cache(
    trained: Trained, core: VideoTextModel, inferencer: ClipBERTInferencer
) -> None:
    videos = trained.videos[:3]
    expected = [v.tokens for v in core.features(videos, batch_size=1)]
    remembers, _ = remembering(trained, inferencer)

    def tokens(turn: int) -> list[torch.Tensor]:
        order = np.roll(range(3), turn)
        found = list(
            remembers.features([videos[i] for i in order], batch_size=1)
        )
        return [found[i].tokens for i in np.argsort(order)]

    with ThreadPoolExecutor(4) as threads:
        for found in threads.map(tokens, range(12)):
            torch.testing.assert_close(found, expected)


def test_features__order_and_batches(
    trained: Trained, core: VideoTextModel
) -> None:
    bad = SkippedVideo('x', 'before')
    videos = [trained.videos[0], bad, 'no.mp4', *trained.videos[1:4]]
    one = list(core.features(videos, 'skip', 1))
    many = list(core.features(videos, 'skip', 4))
    for features in (one, many):
        assert [v.video for v in features] == [
            'x' if v is bad else v for v in videos
        ]
        assert features[1] is bad
        assert isinstance(features[2], SkippedVideo)
        assert 'No such file' in features[2].reason
    for first, second in zip(one, many):
        if isinstance(first, VideoFeatures):
            torch.testing.assert_close(first.tokens, second.tokens)
            assert first.clips == second.clips


def test_features__ctrl_c_keeps_what_is_finished(
    trained: Trained, core: VideoTextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = CountedPipeline(core.pipeline, interrupt_at=3)
    monkeypatch.setattr(core, 'pipeline', pipeline)
    found = list(core.features(trained.videos[:5], 'skip', 1))
    assert [type(v) for v in found[:2]] == [VideoFeatures] * 2
    assert found[2:] == [
        SkippedVideo(video, 'interrupted') for video in trained.videos[2:5]
    ]
    pipeline.read.clear()
    with pytest.raises(KeyboardInterrupt):
        list(core.features(trained.videos[:5], 'raise', 1))


def test_scores__clips_are_videos_of_one_clip(
    trained: Trained, core: VideoTextModel
) -> None:
    (features,) = core.features(trained.videos[:1])
    scores, clips = core.scores([features], trained.captions)
    for i, times in enumerate(features.clips):
        alone = VideoFeatures(
            'clip', features.tokens[i : i + 1], (times,), features.model
        )
        np.testing.assert_allclose(
            core.scores([alone], trained.captions)[0][0],
            clips[0, :, i],
            atol=1e-6,
        )
    assert np.ptp(clips) > 0
    assert scores.shape == (1, len(trained.captions))


def test_find_tokenize__of_the_dataset_or_the_pipeline(
    trained: Trained,
) -> None:
    cfg = copy.deepcopy(trained.cfg)
    dataset = cfg.test_dataloader.dataset
    assert find_tokenize(cfg).max_txt_len == 20
    dataset.pipeline.insert(-1, dict(dataset.tokenize, max_txt_len=7))
    del dataset['tokenize']
    assert find_tokenize(cfg).max_txt_len == 7
    del dataset.pipeline[-2]
    with pytest.raises(ValueError, match="dataset 'VideoTextRetrieval' has"):
        find_tokenize(cfg)


@pytest.mark.parametrize(
    'change',
    [
        dict(tokens=None),
        dict(tokens=torch.zeros(0, 4, 16), clips=()),
        dict(tokens=torch.zeros(1, 4, 16)),
        dict(tokens=torch.zeros(2, 64)),
        dict(tokens=torch.full((2, 4, 16), torch.nan)),
    ],
)
def test_features__that_were_changed(
    trained: Trained, core: VideoTextModel, change: dict
) -> None:
    (features,) = core.features(trained.videos[:1])
    assert isinstance(features, VideoFeatures)
    changed = dataclasses.replace(features, **change)
    with pytest.raises(ValueError, match='as features.. returned them'):
        list(core.features([changed]))


def test_features__left_out_before(core: VideoTextModel) -> None:
    skipped = SkippedVideo('a.mp4', 'the file is empty')
    assert list(core.features([skipped], 'skip')) == [skipped]
    with pytest.raises(MediaError, match=r'a\.mp4.*the file is empty'):
        list(core.features([skipped], 'raise'))
