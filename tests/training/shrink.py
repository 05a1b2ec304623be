# Copyright (c) clipbert_mm contributors.
"""Make a shipped config small enough to run on a CPU in seconds."""
import copy
from pathlib import Path
from typing import Any

from mmengine.config import Config

from clipbert_mm import config_file
from clipbert_mm.host.device import fit_to_device

from ..datasets.media import write_lines, write_video

COLOURS = ('red', 'green', 'blue', 'white', 'black', 'gray', 'pink')
WORDS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'dog', 'runs',
         'sits', 'on', 'sand', *COLOURS)
TINY_BERT = dict(
    vocab_size=len(WORDS),
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=128,
    hidden_dropout_prob=0.,
    attention_probs_dropout_prob=0.)
SIZES = {
    'ResNet50Grid': (dict(
        stage_blocks=(1, 1),
        strides=(2, 2),
        base_channels=4,
        freeze_at=1,
        init_cfg=None), 32),
    # Without trained statistics, norms in evaluation mode let nothing through.
    'MobileNetV2': (dict(widen_factor=0.25, norm_eval=False), 1280),
    'ResNet3dSlowOnly': (dict(depth=18, base_channels=8,
                              norm_eval=False), 64),
}


def make_corpus(folder: Path) -> Path:
    """Write 8 training and 7 test videos with captions and a vocabulary.

    Args:
        folder (Path): Empty.

    Returns:
        Path: ``folder``.
    """
    (folder / 'videos').mkdir()
    (folder / 'tokenizer').mkdir()
    (folder / 'tokenizer' / 'vocab.txt').write_text('\n'.join(WORDS))
    for split, number in (('train', 8), ('test', 7)):
        records = []
        for i in range(number):
            name = f'{split}{i}'
            write_video(
                folder / 'videos' / f'{name}.mp4',
                num_frames=6 + 3 * i,
                fps=(5, 8, 10)[i % 3],
                size=((64, 48), (64, 80))[i % 2])
            for verb in ('runs', 'sits')[:1 + i % 2]:
                records.append(
                    dict(
                        caption=f'a {COLOURS[i % 7]} dog {verb} on sand',
                        clip_name=name,
                        sen_id=len(records)))
        write_lines(folder / f'{split}.jsonl', records)
    return folder


def shrink(name: str, corpus: Path, **overrides: Any) -> Config:
    """A shipped config on the corpus, with a tiny model.

    Args:
        name (str): Of the config.
        corpus (Path): From :func:`make_corpus`.
        overrides (Any): Dotted keys, ``__`` for the dot.

    Returns:
        Config: Ready for the runner on this machine.
    """
    cfg = Config.fromfile(config_file(name))
    model = cfg.model
    options, channels = SIZES[model.backbone.type]
    model.backbone.update(copy.deepcopy(options))
    model.neck.update(in_channels=channels, out_channels=16)
    model.head.update(
        bert=dict(TINY_BERT),
        tokenizer=str(corpus / 'tokenizer'),
        max_grid_size=16)
    model.text_chunk_size = 4
    for split in ('train', 'val', 'test'):
        loader = cfg[f'{split}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
        loader.pop('pin_memory', None)
        loader.dataset.update(
            data_root=str(corpus),
            ann_file='train.jsonl' if split == 'train' else 'test.jsonl')
        _shrink_transforms(loader.dataset, corpus)
    cfg.train_dataloader.batch_size = 2
    cfg.optim_wrapper.optimizer.lr = 1e-2
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.param_scheduler.end = 1
    cfg.launcher = 'none'
    cfg.merge_from_dict(
        {key.replace('__', '.'): value
         for key, value in overrides.items()})
    return fit_to_device(cfg)


def _shrink_transforms(dataset: Config, corpus: Path) -> None:
    tokenize = [dataset.tokenize] if 'tokenize' in dataset else []
    for transform in [*dataset.pipeline, *tokenize]:
        if transform.type in ('ResizeLongSide', 'PadFrames'):
            transform.size = 64
        if transform.type == 'SparseClipSampler':
            transform.num_clips = 2
        if transform.type == 'BertTokenize':
            transform.tokenizer = str(corpus / 'tokenizer')


def write_config(cfg: Config, path: Path) -> Path:
    """Write a config for the tools.

    Args:
        cfg (Config): The config.
        path (Path): Ends in ``.py``.

    Returns:
        Path: ``path``.
    """
    cfg.dump(path)
    return path
