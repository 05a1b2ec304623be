# Copyright (c) clipbert_mm contributors.
"""Tests of the benchmark of explanations."""

import numpy as np
import pytest

from clipbert_mm.apis import ClipBERTInferencer, VideoFeatures, demo_rows
from clipbert_mm.apis.clip_pipeline import Clips
from clipbert_mm.apis.explanation import ExplainedClip
from clipbert_mm.apis.relevance_maps import grid_shape
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.media.opening import open_video
from clipbert_mm.quickstart.corpus.drawing import COLOURS
from tools.benchmarks.explanations.__main__ import Measured, main, make_row
from tools.benchmarks.explanations.deletion import (
    deletion_curve,
    hide_cells,
    relevance_order,
)
from tools.benchmarks.explanations.videos import (
    DrawnVideo,
    figure_mask,
    write_videos,
)

SHAPE = (24, 32)  # 6 x 8 cells of 4 pixels


def explained(frames: np.ndarray, cells: np.ndarray) -> ExplainedClip:
    return ExplainedClip(0.0, 1.0, 0.5, frames, cells, (4.0, 4.0))


@pytest.fixture(scope='module')
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[DrawnVideo]:
    return write_videos(tmp_path_factory.mktemp('drawn'), 3)


def test_write_videos__are_those_of_the_package(
    drawn: list[DrawnVideo],
) -> None:
    shipped = demo_rows('demo')[:3]
    assert [video.caption for video in drawn] == [
        row['caption'] for row in shipped
    ]
    for video, row in zip(drawn, shipped):
        with open_video(str(video.path)) as reader:
            end = reader.get_frame_timestamp([len(reader) - 1])[0, 1]
            assert end == pytest.approx(row['duration'], abs=1e-3)
            assert reader.get_avg_fps() == pytest.approx(float(video.rate))


def test_figure_mask__is_the_box_of_the_figure(
    drawn: list[DrawnVideo],
) -> None:
    for video in drawn:
        with open_video(str(video.path)) as reader:
            frames = reader.get_batch([2, 4]).asnumpy()
            stamps = reader.get_frame_timestamp([2, 4])
        cells = np.zeros((8, 8), np.float32)
        clip = ExplainedClip(
            stamps[0, 0], stamps[1, 1], 0.5, frames, cells, (1.0, 1.0)
        )
        mask = figure_mask(video, clip)
        colour = np.add(
            COLOURS[video.combination.colour], video.look.colour_shift
        )
        figure = (abs(frames.astype(int) - colour).max(-1) < 40).any(0)
        assert figure.sum() > 50
        assert mask[figure].mean() > 0.98  # h264 blurs the edge
        for axis in (0, 1):
            inside, boxed = figure.any(axis), mask.any(axis)
            assert boxed.sum() <= inside.sum() * 1.25 + 4


def test_relevance_order__of_maps_with_other_cells() -> None:
    frames = np.zeros((1, *SHAPE, 3), np.uint8)
    cells = np.zeros((6, 8), np.float32)
    cells[4, 5], cells[1, 2] = 3, 2
    order = relevance_order(explained(frames, cells), SHAPE)
    assert order[:2].tolist() == [4 * 8 + 5, 1 * 8 + 2]
    assert sorted(order) == list(range(48))
    coarse = np.array([[0, 0], [1, 0]], np.float32)
    clip = ExplainedClip(0.0, 1.0, 0.5, frames, coarse, (12.0, 16.0))
    # The lower left corner: rows 4 and 5, columns 0 and 1.
    assert {*order_rows(relevance_order(clip, SHAPE)[:4])} == {
        (4, 0),
        (4, 1),
        (5, 0),
        (5, 1),
    }


def order_rows(cells: np.ndarray) -> list[tuple[int, int]]:
    return [divmod(int(cell), 8) for cell in cells]


def test_hide_cells__fills_them_with_the_mean_colour() -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (2, 3, 2, 32, 32), np.uint8)
    hidden = np.zeros((2, 48), bool)
    hidden[1, 8 * 2 + 3] = True
    copy = hide_cells(Clips(frames, ((0, 1), (1, 2)), SHAPE), hidden)
    expected = frames.copy()
    for t in range(2):
        for channel in range(3):
            expected[1, channel, t, 8:12, 12:16] = round(
                frames[1, channel, t, :24].mean()
            )
    np.testing.assert_array_equal(copy, expected)


def test_deletion_curve__scores_equal_those_of_hidden_frames(
    drawn: list[DrawnVideo],
) -> None:
    inferencer = ClipBERTInferencer('demo', device='cpu')
    core = VideoTextModel(inferencer.model, inferencer.cfg)
    video = drawn[0]
    clips = core.pipeline(str(video.path))
    number = int(np.prod(grid_shape(clips.image_shape)))
    cells = np.tile(np.arange(number), (len(clips.frames), 1))
    curve = deletion_curve(core, clips, video.caption, cells, 4)
    assert curve[0] == pytest.approx(
        inferencer.score(str(video.path), video.caption)[0, 0], abs=1e-5
    )
    half = np.zeros(cells.shape, bool)
    half[:, : number // 2] = True
    features = VideoFeatures(
        'a',
        core.tokens([hide_cells(clips, half)])[0],
        clips.times,
        core.digest,
    )
    assert curve[2] == pytest.approx(
        inferencer.score(features, video.caption)[0, 0], abs=1e-5
    )


def test_make_row__compares_with_the_random_orders_of_each_video() -> None:
    found = [
        Measured(True, 0.1, 0.2, 0.6, 1.0),
        Measured(False, 0.3, 0.5, 0.8, 3.0),
    ]
    row = make_row('a', found, np.array([[0.4, 0.2], [0.5, 0.3]]))
    assert row[0] == 'a'
    assert row[1:] == pytest.approx(
        [50.0, 20.0, 0.35, 0.35, 0.25, 0.7, 50.0, 2.0]
    )


def test_benchmark__prints_a_row_for_each_method(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--videos', '2', '--orders', '1', '--steps', '2'])
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split('|')[1:-1] for line in lines if line.startswith('|')]
    assert [row[0].strip() for row in rows[2:]] == ['occlusion', 'attention']
    for row in rows[2:]:
        assert float(row[1]) in (0, 50, 100)
        assert 0 < float(row[3]) < 1


def test_benchmark__refuses_no_videos(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(['--videos', '0'])
    assert '--videos must be an integer >= 1' in capsys.readouterr().err
