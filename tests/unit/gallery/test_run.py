# Copyright (c) clipbert_mm contributors.
"""A run over a small test set, against the model on each video alone."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch import Tensor, nn
from torch.utils.data import DataLoader

from clipbert_mm.gallery.plan import Cascade
from clipbert_mm.gallery.run import GalleryRun
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.media import write_lines
from tests.toolbox.shrink import make_corpus, shrink
from tests.toolbox.tiny_models import fixed_init

NUM_VIDEOS, NUM_TEXTS, NUM_CLIPS = 7, 10, 2


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('corpus'))


@pytest.fixture(scope='module')
def model(corpus: Path) -> nn.Module:
    init_default_scope('mmaction')
    cfg = shrink('clipbert_msrvtt_ret', corpus)
    return fixed_init(MODELS.build(cfg.model)).eval()


def loader_of(corpus: Path, batch_size: int = 2) -> DataLoader:
    init_default_scope('mmaction')
    cfg = shrink('clipbert_msrvtt_ret', corpus)
    return DataLoader(
        DATASETS.build(cfg.test_dataloader.dataset),
        batch_size=batch_size,
        collate_fn=pseudo_collate,
    )


@pytest.fixture(scope='module')
def expected(corpus: Path, model: nn.Module) -> Tensor:
    """Scores of every video alone, by the model's own prediction."""
    dataset = loader_of(corpus).dataset
    bank = TextBank.from_tokens(dataset.caption_bank())
    rows = []
    for index in range(len(dataset)):
        batch = dict(pseudo_collate([dataset[index]]), text_bank=bank)
        rows.append(model.test_step(batch)[0].match_score)
    scores = torch.stack(rows)
    assert scores.std() > 1e-4
    return scores


def run_of(
    model: nn.Module, loader: DataLoader, folder: Path, **options: Any
) -> tuple[GalleryRun, list[str]]:
    lines: list[str] = []
    run = GalleryRun(
        model,
        loader,
        str(folder),
        model_cfg=dict(type='ClipBERT'),
        log=lines.append,
        **options,
    )
    return run, lines


@pytest.mark.slow
@pytest.mark.parametrize('batch_size', [1, 3])
def test_run__scores_of_all_pairs(
    corpus: Path,
    model: nn.Module,
    expected: Tensor,
    batch_size: int,
    tmp_path: Path,
) -> None:
    run, lines = run_of(model, loader_of(corpus, batch_size), tmp_path)
    scores = run.score()
    torch.testing.assert_close(scores.matrix(), expected)
    assert scores.unreadable == {}
    assert [line.split(':')[0] for line in lines if 'left' not in line] == [
        'All pairs',
        "Pass 'all'",
        'Exact',
    ]
    assert '0 of 7 videos are in' in lines[1]


@pytest.mark.slow
def test_run__scores_nothing_twice_and_no_other_run(
    corpus: Path, model: nn.Module, expected: Tensor, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(corpus, tmp_path / 'copy'))
    folder = tmp_path / 'scores'
    run_of(model, loader_of(copy), folder)[0].score()
    (folder / 'all' / '000003.npz').unlink()
    for video in (copy / 'videos').glob('test*.mp4'):
        if video.stem != 'test3':
            video.write_bytes(b'')
    run, lines = run_of(model, loader_of(copy), folder)
    torch.testing.assert_close(run.score().matrix(), expected)
    assert any('6 of 7 videos are in' in line for line in lines)
    other, _ = run_of(model, loader_of(copy), folder, autocast='bfloat16')
    with pytest.raises(
        ValueError,
        match='holds scores of another run: settings.autocast was None and is '
        "now 'bfloat16'. To resume it",
    ):
        other.score()


@pytest.mark.slow
def test_run__unreadable_videos_are_told_apart_and_tried_again(
    corpus: Path, model: nn.Module, expected: Tensor, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(corpus, tmp_path / 'copy'))
    video = copy / 'videos' / 'test5.mp4'
    content = video.read_bytes()
    video.write_bytes(b'')
    scores = run_of(model, loader_of(copy), tmp_path / 's')[0].score()
    assert list(scores.unreadable) == [5]
    assert 'test5.mp4' in scores.unreadable[5]
    found = scores.matrix()
    assert torch.isneginf(found[5]).all()
    others = [0, 1, 2, 3, 4, 6]
    torch.testing.assert_close(found[others], expected[others])
    video.write_bytes(content)
    again = run_of(model, loader_of(copy), tmp_path / 's')[0].score()
    torch.testing.assert_close(again.matrix(), expected)


@pytest.mark.slow
def test_run__cascade_finishes_the_best_pairs(
    corpus: Path, model: nn.Module, expected: Tensor, tmp_path: Path
) -> None:
    cascade = Cascade(first_clips=1, videos_per_text=2, texts_per_video=1)
    run, lines = run_of(model, loader_of(corpus), tmp_path, cascade=cascade)
    assert (run.clips.first, run.clips.rest) == ([1], [0])
    scores = run.score()
    found = scores.matrix()
    finished = found >= 0
    torch.testing.assert_close(found[finished], expected[finished])
    assert finished.sum() <= 27
    assert (finished.sum(0) >= 2).all()
    assert (finished.sum(1) >= 1).all()
    assert (found[~finished] < -1).all()
    passes = NUM_VIDEOS * NUM_TEXTS + int(finished.sum())
    assert scores.num_passes() == passes
    # At most 2 videos of 10 texts and 1 text of 7 videos are finished.
    assert f'The cascade takes at most {70 + 27} of these passes.' in lines
    assert lines[-1].startswith(f'Approximate (cascade): {passes} of 140')


@pytest.mark.slow
def test_run__candidates_alone(
    corpus: Path, model: nn.Module, expected: Tensor, tmp_path: Path
) -> None:
    path = write_lines(
        tmp_path / 'candidates.jsonl',
        [dict(text_id=i, video_ids=[f'test{i % 7}']) for i in range(10)],
    )
    cascade = Cascade(candidates=path)
    run, _ = run_of(model, loader_of(corpus), tmp_path / 's', cascade=cascade)
    scores = run.score()
    listed = torch.zeros(NUM_VIDEOS, NUM_TEXTS, dtype=torch.bool)
    listed[[i % 7 for i in range(10)], list(range(10))] = True
    found = scores.matrix()
    torch.testing.assert_close(found[listed], expected[listed])
    assert torch.isneginf(found[~listed]).all()
    assert scores.num_passes() == 10 * NUM_CLIPS


def test_run__more_first_clips_than_there_are(
    corpus: Path, model: nn.Module, tmp_path: Path
) -> None:
    with pytest.raises(
        ValueError, match='first_clips must be below the number of clips, 2'
    ):
        run_of(
            model,
            loader_of(corpus),
            tmp_path,
            cascade=Cascade(first_clips=2),
        )
