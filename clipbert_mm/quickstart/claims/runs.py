# Copyright (c) clipbert_mm contributors.
"""Runs that the claims compare: corpora, pretraining, variants."""

import argparse
import copy
import json
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from clipbert_mm.quickstart.commands import run_command
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
    report_time,
)
from clipbert_mm.utils.whole_files import write_whole

from .variants import (
    CLIP_LEN,
    PRETRAIN_EPOCHS,
    SPARSE_CLIPS,
    TARGET_FPS,
    TEST_CLIPS,
    VARIANTS,
    Training,
    chosen_claims,
    compared_runs,
)


def run_all(args: argparse.Namespace) -> None:
    """Run everything that is not finished, several runs in parallel.

    Args:
        args (argparse.Namespace): Options of the command line.
    """
    training = Training(args.epochs, args.neck_norm, args.pretrain_lr, args.lr)
    compared = compared_runs(chosen_claims(args.claims))
    every = {
        seed: prepare(args.work_dir, seed, args.smoke, args.jobs)
        for seed in args.seeds
    }
    # MMEngine's configs are not made for threads: start new interpreters.
    with ProcessPoolExecutor(args.jobs, get_context('spawn')) as pool:
        first = {
            seed: pool.submit(run_pretraining, options, training)
            for seed, options in every.items()
        }
        runs = [
            pool.submit(
                run_variant,
                options,
                name,
                training,
                first[seed].result(),
                test_clips,
            )
            for seed, options in every.items()
            for name, test_clips in compared.items()
        ]
        for run in runs:
            run.result()


def prepare(
    work_dir: Path, seed: int, smoke: bool, processes: int
) -> argparse.Namespace:
    """Write images and videos of a seed, with one vocabulary for both.

    Args:
        work_dir (Path): Folder of all seeds.
        seed (int): Seed of the corpora and of training.
        smoke (bool): Whether to write few files.
        processes (int): Number of processes that write.

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


def pretrain_config(options: argparse.Namespace, training: Training) -> dict:
    """Return the quickstart's pretraining for the network that answers.

    Args:
        options (argparse.Namespace): Options from :func:`prepare`.
        training (Training): Settings of all runs.

    Returns:
        dict: The config.
    """
    cfg = stage_config('pretrain', options)
    answering = stage_config('qa_sparse', options, 'events')['model']
    for part in ('backbone', 'neck'):
        cfg['model'][part] = answering[part]
    cfg['model']['neck']['norm'] = training.neck_norm
    cfg['optim_wrapper']['optimizer']['lr'] = training.pretrain_lr
    if not options.smoke:
        cfg['train_cfg']['max_epochs'] = PRETRAIN_EPOCHS
        cfg['param_scheduler']['end'] = PRETRAIN_EPOCHS
    return cfg


def variant_config(
    options: argparse.Namespace,
    name: str,
    training: Training,
    pretrained: Path,
) -> dict:
    """Return the config of a variant.

    Args:
        options (argparse.Namespace): Options from :func:`prepare`.
        name (str): One of :data:`~.variants.VARIANTS`.
        training (Training): Settings of all runs.
        pretrained (Path): Checkpoint of the pretraining.

    Returns:
        dict: The config.
    """
    variant = VARIANTS[name]
    cfg = stage_config('qa_sparse', options, 'events')
    cfg['work_dir'] = str(options.work_dir / name)
    model = cfg['model']
    model['consensus']['aggregation'] = variant.aggregation
    model['frozen_backbone'] = variant.frozen
    model['neck']['norm'] = training.neck_norm
    cfg['optim_wrapper']['optimizer']['lr'] = training.lr
    if variant.pretrained:
        cfg['load_from'] = str(pretrained)
    set_clips(cfg['train_dataloader'], variant.clips, variant.mode)
    set_clips(cfg['test_dataloader'], TEST_CLIPS, 'uniform')
    if not options.smoke:
        # The same total of clips: the more in a step, the fewer steps.
        number = training.epochs * SPARSE_CLIPS // variant.clips
        cfg['train_cfg']['max_epochs'] = number
        cfg['param_scheduler']['end'] = number
    return cfg


def set_clips(dataloader: dict, number: int, mode: str) -> None:
    """Set the clips that a sampler draws.

    Args:
        dataloader (dict): Config of a data loader; it is changed.
        number (int): Number of clips of a video.
        mode (str): Mode of the sampler.
    """
    for step in find_dicts(dataloader, 'target_fps'):
        step.update(
            num_clips=number,
            mode=mode,
            clip_len=CLIP_LEN,
            target_fps=TARGET_FPS,
        )


def run_pretraining(options: argparse.Namespace, training: Training) -> Path:
    """Pretrain, unless that is finished.

    Args:
        options (argparse.Namespace): Options from :func:`prepare`.
        training (Training): Settings of all runs.

    Returns:
        Path: The checkpoint.
    """
    start, folder = time.time(), options.work_dir / 'pretrain'
    finish(
        folder,
        pretrain_config(options, training),
        lambda c: run_command('train', [str(c)], quiet=True),
    )
    report_time(f'seed {options.seed}, pretraining', start)
    return last_checkpoint(folder)


def run_variant(
    options: argparse.Namespace,
    name: str,
    training: Training,
    pretrained: Path,
    test_clips: list[int],
) -> None:
    """Train a variant and test it.

    Args:
        options (argparse.Namespace): Options from :func:`prepare`.
        name (str): One of :data:`~.variants.VARIANTS`.
        training (Training): Settings of all runs.
        pretrained (Path): Checkpoint of the pretraining.
        test_clips (list[int]): Numbers of clips to test with.
    """
    start = time.time()
    cfg = variant_config(options, name, training, pretrained)
    folder = options.work_dir / name
    finish(folder, cfg, lambda c: run_command('train', [str(c)], quiet=True))
    checkpoint = last_checkpoint(folder)
    for number in test_clips:
        tested = copy.deepcopy(cfg)
        place = options.work_dir / f'test_{name}_{number}'
        tested.update(work_dir=str(place), trained=cfg)
        set_clips(tested['test_dataloader'], number, 'uniform')
        finish(
            place,
            tested,
            lambda c: run_command(
                'test', [str(c), str(checkpoint)], quiet=True
            ),
        )
        write_whole(place / 'result.json', json.dumps(read_metrics(place)))
    report_time(f'seed {options.seed}, {name}', start)
