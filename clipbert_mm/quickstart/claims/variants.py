# Copyright (c) clipbert_mm contributors.
"""Variants of the answering quickstart that differ in one thing.

``python -m clipbert_mm.quickstart.claims`` runs and compares them. All read clips
of half a second, so that what happens is seen in some clips only.
"""

import argparse
import copy
import json
import time
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.quickstart.configs import find_dicts, stage_config
from clipbert_mm.quickstart.corpus.annotations import vocabulary
from clipbert_mm.quickstart.corpus.event_corpus import (
    EventSettings,
    generate_events,
)
from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate
from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.stages import (
    finish,
    last_checkpoint,
    read_metrics,
    run_tool,
)

CLIP_LEN, TARGET_FPS = 2, 4  # clips of half a second
PRETRAIN_EPOCHS = 3
SPARSE_CLIPS, DENSE_CLIPS, TEST_CLIPS = 2, 8, 8


class Variant(NamedTuple):
    """A training that differs from the others in one thing."""

    pretrained: bool = True
    mode: str = 'random'
    clips: int = SPARSE_CLIPS
    aggregation: str = 'lse'
    frozen: bool = False


VARIANTS = {
    'base': Variant(),
    'scratch': Variant(pretrained=False),
    'dense': Variant(mode='dense_uniform', clips=DENSE_CLIPS),
    'mean': Variant(aggregation='mean'),
    'max': Variant(aggregation='max'),
    'frozen': Variant(frozen=True),
}


def prepare(
    work_dir: Path, seed: int, smoke: bool, processes: int
) -> argparse.Namespace:
    """Write images and videos of a seed, with one vocabulary for both.

    Args:
        work_dir (Path): Folder of all seeds.
        seed (int): Of corpora and training.
        smoke (bool): Whether to write few.
        processes (int): Writers side by side.

    Returns:
        argparse.Namespace: Options of the quickstart for this seed.
    """
    folder = work_dir / f'seed{seed}'
    few = dict(images=64) if smoke else {}
    generate(
        folder / 'corpus',
        CorpusSettings(seed=seed, videos=1, gallery=1, **few),
        processes,
    )
    few = dict(train=32, test=4) if smoke else dict(train=1200)
    generate_events(
        folder / 'events', EventSettings(seed=seed, **few), processes
    )
    files = [
        folder / f / 'tokenizer' / 'vocab.txt' for f in ('corpus', 'events')
    ]
    words = [w for file in files for w in file.read_text().split()]
    for file in files:
        file.write_text('\n'.join(vocabulary(dict.fromkeys(words))) + '\n')
    options = ['--task', 'qa', '--seed', str(seed), '--work-dir', str(folder)]
    return parse_args(options + ['--smoke'] * smoke)


def pretrain_config(options: argparse.Namespace) -> dict:
    """The quickstart's pretraining, of the network that answers.

    Args:
        options (argparse.Namespace): Of :func:`prepare`.
    """
    cfg = stage_config('pretrain', options)
    answering = stage_config('qa_sparse', options, 'events')['model']
    for part in ('backbone', 'neck'):
        cfg['model'][part] = answering[part]
    if not options.smoke:
        cfg['train_cfg']['max_epochs'] = PRETRAIN_EPOCHS
        cfg['param_scheduler']['end'] = PRETRAIN_EPOCHS
    return cfg


def variant_config(
    options: argparse.Namespace, name: str, epochs: int, pretrained: Path
) -> dict:
    """The config of a variant.

    Args:
        options (argparse.Namespace): Of :func:`prepare`.
        name (str): One of :data:`VARIANTS`.
        epochs (int): Of the sparse ones.
        pretrained (Path): Checkpoint of the pretraining.
    """
    variant = VARIANTS[name]
    cfg = stage_config('qa_sparse', options, 'events')
    cfg['work_dir'] = str(options.work_dir / name)
    model = cfg['model']
    model['consensus']['aggregation'] = variant.aggregation
    model['frozen_backbone'] = variant.frozen
    if variant.pretrained:
        cfg['load_from'] = str(pretrained)
    set_clips(cfg['train_dataloader'], variant.clips, variant.mode)
    set_clips(cfg['test_dataloader'], TEST_CLIPS, 'uniform')
    if not options.smoke:
        # As many clips in all: the more in a step, the fewer steps.
        number = epochs * SPARSE_CLIPS // variant.clips
        cfg['train_cfg']['max_epochs'] = number
        cfg['param_scheduler']['end'] = number
    return cfg


def set_clips(dataloader: dict, number: int, mode: str) -> None:
    """Set the clips of a sampler.

    Args:
        dataloader (dict): Config; changed.
        number (int): Clips of a video.
        mode (str): How they are drawn.
    """
    for step in find_dicts(dataloader, 'target_fps'):
        step.update(
            num_clips=number,
            mode=mode,
            clip_len=CLIP_LEN,
            target_fps=TARGET_FPS,
        )


def run_variant(
    options: argparse.Namespace, name: str, epochs: int, pretrained: Path
) -> None:
    """Train a variant and test it, the base with several numbers of clips.

    Args:
        options (argparse.Namespace): Of :func:`prepare`.
        name (str): One of :data:`VARIANTS`.
        epochs (int): Of the sparse ones.
        pretrained (Path): Checkpoint of the pretraining.
    """
    start = time.time()
    cfg = variant_config(options, name, epochs, pretrained)
    folder = options.work_dir / name
    finish(folder, cfg, lambda c: run_tool('train', 0, [str(c)], quiet=True))
    checkpoint = last_checkpoint(folder)
    for number in (1, 2, 4, 8) if name == 'base' else (TEST_CLIPS,):
        tested = copy.deepcopy(cfg)
        place = options.work_dir / f'test_{name}_{number}'
        tested.update(work_dir=str(place), trained=cfg)
        set_clips(tested['test_dataloader'], number, 'uniform')
        finish(
            place,
            tested,
            lambda c: run_tool(
                'test', 0, [str(c), str(checkpoint)], quiet=True
            ),
        )
        (place / 'result.json').write_text(json.dumps(read_metrics(place)))
    print(
        f'  seed {options.seed}, {name}: {time.time() - start:.0f} s',
        flush=True,
    )


def run_pretraining(options: argparse.Namespace) -> Path:
    """Pretrain.

    Args:
        options (argparse.Namespace): Of :func:`prepare`.

    Returns:
        Path: The checkpoint.
    """
    start, folder = time.time(), options.work_dir / 'pretrain'
    finish(
        folder,
        pretrain_config(options),
        lambda c: run_tool('train', 0, [str(c)], quiet=True),
    )
    print(
        f'  seed {options.seed}, pretraining: {time.time() - start:.0f} s',
        flush=True,
    )
    return last_checkpoint(folder)
