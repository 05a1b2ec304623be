# Copyright (c) clipbert_mm contributors.
"""Rounds of reading, searching and training."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.host.device import fit_to_device
from clipbert_mm.media.errors import is_media_error
from clipbert_mm.quickstart.corpus.scene_corpus import (
    CorpusSettings,
    generate,
)
from clipbert_mm.utils.config_loading import load_config
from tools.benchmarks.faults.corpus import (
    WrittenCase,
    choose_cases,
    write_cases,
)
from tools.benchmarks.faults.trial import read_still, read_video

from .samples import Counts

_STEPS = 4  # of training, in each round


class Work:
    """Work of a round: reading, searching and training.

    Args:
        folder (Path): Folder for all files.
        num_files (int): Number of bad files.
        decoder (str): Decoder of the videos.
    """

    def __init__(self, folder: Path, num_files: int, decoder: str) -> None:
        self.counts = Counts()
        self._decoder = decoder
        cases = [
            case
            for case in choose_cases(num_files, num_files // 2)
            if case.kind != 'bomb'
        ]
        self._files = list(write_cases(cases, folder / 'files'))
        data = folder / 'data'
        generate(data, CorpusSettings(images=4, videos=16, gallery=8))
        _add_bad_videos(data, self._files)
        cfg = _config(data, decoder)
        torch.manual_seed(0)
        init_default_scope('mmaction')
        model = MODELS.build(cfg.model)
        torch.save(dict(state_dict=model.state_dict()), folder / 'model.pth')
        self._inferencer = ClipBERTInferencer(
            cfg, folder / 'model.pth', 'cpu', cache_bytes=0
        )
        self._model = model
        self._optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
        self._batches = _endless(
            Runner.build_dataloader(cfg.train_dataloader, seed=0)
        )
        self._page = str(folder / 'page.mp4')
        Path(self._page).write_text('<html></html>')
        self._gallery = sorted(map(str, data.glob('videos/gallery*')))

    def run_round(self) -> None:
        """Read every file, search in three videos, and train a little."""
        read = sum(map(self._read, self._files))
        videos = [*self._gallery[:2], self._page]
        read += sum(map(self._search, videos))
        self._model.train()
        for _ in range(_STEPS):
            self._model.train_step(next(self._batches), self._optimizer)
        counts = self.counts
        number = len(self._files) + len(videos)
        self.counts = Counts(
            counts.rounds + 1,
            counts.read + read,
            counts.refused + number - read,
            counts.steps + _STEPS,
        )

    def _read(self, written: WrittenCase) -> bool:
        is_video = written.case.medium == 'video'
        read = read_video if is_video else read_still
        return _succeeds(lambda: read(written.path, self._decoder))

    def _search(self, video: str) -> bool:
        return _succeeds(lambda: self._inferencer.score(video, 'a red square'))


def _succeeds(function: Callable[[], object]) -> bool:
    """Call a function, and return whether it could use its file."""
    try:
        function()
    except Exception as error:
        refused = is_media_error(error) or 'cannot be read' in str(error)
        if not refused:
            raise
        return False
    return True


def _add_bad_videos(data: Path, files: Sequence[WrittenCase]) -> None:
    """Let the training set name bad videos, too."""
    annotations = data / 'annotations' / 'videos_train.jsonl'
    lines = annotations.read_text().splitlines()
    for written in files:
        case = written.case
        if case.medium == 'video' and case.kind in ('damaged', 'disguised'):
            target = data / 'videos' / written.path.name
            target.write_bytes(written.path.read_bytes())
            row = dict(
                json.loads(lines[0]), clip_name=target.name, sen_id=target.name
            )
            lines.append(json.dumps(row))
    annotations.write_text('\n'.join(lines) + '\n')


def _config(data: Path, decoder: str) -> Config:
    cfg = load_config(
        'clipbert_debug', dict(data_root=str(data), num_workers=1)
    )
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        loader.dataset.pipeline[0].decoder = decoder
    cfg.train_dataloader.dataset.bad_media = dict(max_fraction=1.0)
    return fit_to_device(cfg)


def _endless(loader: Any) -> Iterator[Any]:
    epoch = 0
    while True:
        loader.sampler.set_epoch(epoch)
        yield from loader
        epoch += 1
