# Copyright (c) clipbert_mm contributors.
"""Make a shipped config small enough to run on a CPU in seconds."""

import copy
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config

from clipbert_mm.host.device import fit_to_device
from clipbert_mm.utils.config_loading import load_config
from tests.toolbox.media import write_lines, write_video
from tests.toolbox.vocabulary import SPECIAL, write_vocabulary

COLOURS = ('red', 'green', 'blue', 'white', 'black', 'gray', 'pink')
WORDS = ('a', 'dog', 'runs', 'sits', 'on', 'sand', *COLOURS)
TINY_BERT = dict(
    vocab_size=len(SPECIAL) + len(WORDS),
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=128,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
SIZES = {
    'ResNet50Grid': (
        dict(
            stage_blocks=(1, 1),
            strides=(2, 2),
            base_channels=4,
            freeze_at=1,
            init_cfg=None,
        ),
        32,
    ),
    'TransformersVision': (
        dict(
            model=dict(
                model_type='dinov2',
                num_hidden_layers=1,
                hidden_size=12,
                num_attention_heads=2,
                image_size=64,
                patch_size=8,
            )
        ),
        12,
    ),
    # Without trained statistics, norms in evaluation mode let nothing through.
    'MobileNetV2': (
        dict(widen_factor=0.25, norm_eval=False, frozen_stages=-1),
        1280,
    ),
    'ResNet3dSlowOnly': (dict(depth=18, base_channels=8, norm_eval=False), 64),
}
# Answers in the files of write_questions.
ANSWERS = ('red', 'green', 'blue', 'white', 'black')


def make_corpus(folder: Path) -> Path:
    """Write 8 training and 7 test videos with captions and a vocabulary.

    Args:
        folder (Path): Empty folder.

    Returns:
        Path: ``folder``.
    """
    (folder / 'videos').mkdir()
    write_vocabulary(folder / 'tokenizer', WORDS)
    for split, number in (('train', 8), ('test', 7)):
        records: list[dict] = []
        for i in range(number):
            name = f'{split}{i}'
            write_video(
                folder / 'videos' / f'{name}.mp4',
                num_frames=6 + 3 * i,
                fps=(5, 8, 10)[i % 3],
                size=((64, 48), (64, 80))[i % 2],
            )
            for verb in ('runs', 'sits')[: 1 + i % 2]:
                records.append(
                    dict(
                        caption=f'a {COLOURS[i % 7]} dog {verb} on sand',
                        clip_name=name,
                        sen_id=len(records),
                    )
                )
        write_lines(folder / f'{split}.jsonl', records)
        write_questions(folder, split, number)
        write_images(folder, split, number)
    return folder


def write_questions(folder: Path, split: str, number: int) -> None:
    """Write questions about the videos, in every form of answers.

    Args:
        folder (Path): Folder of the corpus.
        split (str): ``'train'`` or ``'test'``.
        number (int): Number of videos.
    """
    names = [f'{split}{i}' for i in range(number)]
    rows: dict[str, list[dict]] = dict(
        open=[], choice=[], caption=[], count=[]
    )
    for i, name in enumerate(names):
        rows['open'].append(
            dict(
                question='what dog runs',
                answer=ANSWERS[i % 5],
                answer_type=('what', 'who')[i % 2],
                video_id=name,
            )
        )
        options = [f'a {colour} dog' for colour in ANSWERS]
        rows['choice'].append(
            dict(
                question='a dog', options=options, answer=i % 5, gif_name=name
            )
        )
        rows['caption'].append(
            dict(qid=i, options=options, answer=i % 5, clip_name=name)
        )
        rows['count'].append(
            dict(question='dog runs', answer=1 + i % 4, gif_name=name)
        )
    if split == 'test':  # an answer that the vocabulary lacks
        rows['open'][0]['answer'] = 'sand'
    for kind, records in rows.items():
        write_lines(folder / f'{kind}_{split}.jsonl', records)


def write_images(folder: Path, split: str, number: int) -> None:
    """Write images with captions of two datasets, and questions about them.

    Args:
        folder (Path): Folder of the corpus.
        split (str): ``'train'`` or ``'test'``.
        number (int): Number of images.
    """
    captions, questions = [], []
    rng = np.random.default_rng(number)
    for i in range(number):
        source = ('coco', 'vg')[i % 2]
        image = rng.integers(0, 255, (48, 64, 3), np.uint8)
        image[:] //= 2
        path = folder / 'images' / source / f'{split}{i}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), image)
        captions += [
            {
                f'{source}_id': f'{split}{i}',
                'caption': f'a {COLOURS[i % 7]} dog {verb}',
            }
            for verb in ('runs', 'sits')
        ]
        questions += [
            dict(
                question=question,
                image_id=f'{source}/{split}{i}',
                question_id=100 * i + j,
                answer_type=('yes/no', 'number', 'other')[j],
                labels={ANSWERS[i % 5]: 1, ANSWERS[(i + 1) % 5]: 0.3},
            )
            for j, question in enumerate(('a dog', 'dog on sand'))
        ]
    write_lines(folder / f'pretrain_{split}.jsonl', captions)
    write_lines(folder / f'soft_{split}.jsonl', questions)


def shrink(name: str, corpus: Path, **overrides: Any) -> Config:
    """Load a shipped config with a tiny model, on the corpus.

    Args:
        name (str): Name of the config.
        corpus (Path): Folder of :func:`make_corpus`.
        **overrides (Any): Values by dotted key, with ``__`` for the dot.

    Returns:
        Config: Config for the runner on this machine.
    """
    settings = dict(
        data_root=str(corpus),
        tokenizer=str(corpus / 'tokenizer'),
        img_size=64,
        num_workers=0,
    )
    cfg = load_config(name, settings)
    _shrink_model(cfg.model)
    for split in ('train', 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader')
        if loader is None:
            continue
        loader.pop('pin_memory', None)
        _shrink_dataset(loader.dataset, split)
    if 'train_cfg' in cfg:
        cfg.train_dataloader.batch_size = 2
        cfg.optim_wrapper.optimizer.lr = 1e-2
        cfg.train_cfg.update(max_epochs=1, val_interval=1)
        cfg.param_scheduler.end = 1
    if cfg.get('test_cfg', {}).get('cascade'):
        cfg.test_cfg.cascade.first_clips = 1  # of two
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    cfg.launcher = 'none'
    cfg.merge_from_dict(
        {key.replace('__', '.'): value for key, value in overrides.items()}
    )
    return fit_to_device(cfg)


def _shrink_model(model: Config) -> None:
    """Make the parts of a model small."""
    options, channels = SIZES[model.backbone.type]
    model.backbone.pop('init_cfg', None)  # no file of weights
    model.backbone.update(copy.deepcopy(options))
    model.neck.update(in_channels=channels, out_channels=16, init_cfg=None)
    model.head.update(bert=dict(TINY_BERT), init_cfg=None, max_grid_size=16)
    model.token_budget = 64
    if model.task.type == 'PretrainTask':
        model.task.bert = dict(TINY_BERT)
        model.head.num_sampled_cells = 3
    if model.task.type in ('OpenEndedQATask', 'VQATask'):
        model.task.vocabulary = list(ANSWERS)
        # Classes beyond the vocabulary are padding, in open-ended QA.
        model.head.num_classes = len(ANSWERS) + (
            model.task.type == 'OpenEndedQATask'
        )


def _shrink_dataset(dataset: Config, split: str) -> None:
    """Point a dataset to a file of the corpus, with few clips per video."""
    kind = ''
    if dataset.type == 'ImageTextPretrain':
        kind = 'pretrain_'
        dataset.data_prefix.img = 'images'
        dataset.media_suffix = '.jpg'
    elif dataset.type == 'VideoQuestionAnswering':
        kind = dataset.answers.format + '_'
        if 'mc_test' in dataset.ann_file:
            kind = 'caption_'
        if dataset.answers.format in ('open', 'soft'):
            dataset.answers.vocabulary = list(ANSWERS)
    if 'video' in dataset.data_prefix:
        dataset.data_prefix.video = 'videos'
    split = 'train' if split == 'train' else 'test'
    dataset.ann_file = f'{kind}{split}.jsonl'
    for transform in dataset.pipeline:
        if transform.type == 'SparseClipSampler':
            transform.num_clips = min(2, transform.num_clips)


def write_config(cfg: Config, path: Path) -> Path:
    """Write a config for the tools.

    Args:
        cfg (Config): The config.
        path (Path): Path of the file. Its suffix becomes that of JSON, because
            MMEngine takes seconds to format Python.

    Returns:
        Path: Path of the written file.
    """
    path = path.with_suffix('.json')
    cfg.dump(path)
    return path


def metrics_in(work_dir: Path) -> dict[str, float]:
    """Read the metrics that a test run logged, without its timings.

    Args:
        work_dir (Path): Work folder of the run.

    Returns:
        dict[str, float]: Metrics by name.
    """
    (logged,) = work_dir.glob('*/*.json')
    metrics = json.loads(logged.read_text().splitlines()[-1])
    return {k: v for k, v in metrics.items() if k not in ('data_time', 'time')}
