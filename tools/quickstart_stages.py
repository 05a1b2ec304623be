# Copyright (c) clipbert_mm contributors.
"""The stages of the quickstart: their configs, and running the tools on them.

A stage reads a config of ``configs/quickstart/``, puts the paths and options
of this run into it, and runs ``tools/train.py`` or ``tools/test.py`` on it in
a process of its own, unless that was done before with the same config.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

# The host packages take seconds to import: the functions that need them
# import them, so that --help and the writers of the corpus do without.

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent


def replace_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Apply a function to every text in nested dicts, lists and tuples."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: replace_strings(v, change) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(replace_strings(v, change) for v in value)
    return value


def find_dicts(value: Any, key: str) -> list[dict]:
    """The dicts with a key, anywhere in nested dicts, lists and tuples."""
    if isinstance(value, dict):
        own = [value] if key in value else []
        return own + [d for v in value.values() for d in find_dicts(v, key)]
    if isinstance(value, (list, tuple)):
        return [d for v in value for d in find_dicts(v, key)]
    return []


def stage_config(name: str, args: argparse.Namespace) -> dict:
    """A shipped config of the quickstart, with this run's paths and options.

    Args:
        name (str): ``'pretrain'`` or ``'retrieval'``.
        args (argparse.Namespace): Of :func:`parse_args`.

    Returns:
        dict: The config.
    """
    from mmengine.config import Config

    from clipbert_mm import config_file
    corpus = args.work_dir / 'corpus'
    cfg = Config.fromfile(config_file(f'quickstart/{name}')).to_dict()
    shipped = cfg['data_root']
    cfg = replace_strings(
        cfg, lambda text: str(corpus) + text[len(shipped):]
        if text == shipped or text.startswith(shipped + '/') else text)
    words = len((corpus / 'tokenizer' / 'vocab.txt').read_text().split())
    for part in find_dicts(cfg, 'vocab_size'):
        part['vocab_size'] = words
    cfg['randomness'] = dict(cfg.get('randomness', {}), seed=args.seed)
    cfg['work_dir'] = str(args.work_dir / name)
    if args.gpus > 1:
        # The same batch in all as with one process, so the same schedule.
        loader = cfg['train_dataloader']
        loader['batch_size'] = -(-loader['batch_size'] // args.gpus)
    if args.smoke:
        shorten(cfg)
    if args.no_pretrain and name == 'pretrain':
        without_mlm(cfg)
    cfg['quickstart'] = dict(
        seed=args.seed,
        mlm=not args.no_pretrain,
        smoke=args.smoke,
        gpus=args.gpus)
    return cfg


def without_mlm(cfg: dict) -> None:
    """Make a config pretrain by image-text matching alone."""
    cfg['model']['task']['with_mlm'] = False
    for part in find_dicts(cfg, 'pipeline'):
        part['pipeline'] = [
            step for step in part['pipeline'] if step['type'] != 'MaskTokens'
        ]
        for step in part['pipeline']:
            if 'algorithm_keys' in step:
                step['algorithm_keys'] = tuple(
                    k for k in step['algorithm_keys'] if k != 'mlm_labels')


def shorten(cfg: dict) -> None:
    """Make a config train one epoch, or 4 steps."""
    loop = cfg['train_cfg']
    key, length = (('max_epochs', 1) if 'max_epochs' in loop else
                   ('max_iters', 4))
    loop[key] = length
    for part in find_dicts(cfg['param_scheduler'], 'end'):
        part['end'] = length


def finish(folder: Path, cfg: dict, run: Callable[[Path], None]) -> bool:
    """Do a stage, unless it is finished with the same config.

    Args:
        folder (Path): Of the stage, made anew if the stage is done.
        cfg (dict): All that the stage depends on; it is written to
            ``config.py`` in the folder.
        run (Callable): Does it, given the path of that file.

    Returns:
        bool: Whether it had to be done.
    """
    from mmengine.config import Config
    digest = hashlib.sha256(repr(cfg).encode()).hexdigest()
    stamp = folder / 'finished.txt'
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Config(cfg).dump(folder / 'config.py')
    run(folder / 'config.py')
    stamp.write_text(digest)
    return True


def run_tool(name: str, gpus: int, arguments: list[str]) -> None:
    """Run ``tools/train.py`` or ``test.py``, or their distributed scripts.

    Everything they say goes to ``log.txt`` beside the config, progress also
    to the screen.

    Args:
        name (str): ``'train'`` or ``'test'``.
        gpus (int): Processes; 0 is one without torchrun.
        arguments (list[str]): The config first; for ``'test'`` then the
            checkpoint.

    Raises:
        SystemExit: If the tool fails.
    """
    fixed = 1 if name == 'train' else 2
    command = [sys.executable, str(TOOLS / f'{name}.py'), *arguments]
    if gpus:
        command = [
            'bash',
            str(TOOLS / f'dist_{name}.sh'), *arguments[:fixed],
            str(gpus), *arguments[fixed:]
        ]
    env = dict(
        os.environ,
        PATH=os.path.dirname(sys.executable) + os.pathsep
        + os.environ.get('PATH', ''),
        PYTHONPATH=os.pathsep.join(filter(None, (
            str(ROOT), os.environ.get('PYTHONPATH')))),
        PYTHONUNBUFFERED='1')
    env.setdefault('PORT', str(free_port()))
    log_file = Path(arguments[0]).parent / 'log.txt'
    lines: list[str] = []
    with open(log_file, 'w') as log, subprocess.Popen(
            command, env=env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT) as process:
        for line in process.stdout or ():
            log.write(line)
            lines.append(line)
            progress = re.search(r'(?:Epoch|Iter)\((?:train|val)\).*', line)
            if progress:
                print('  ' + progress.group(), flush=True)
    if process.returncode:
        sys.exit(''.join(lines[-25:]) + f'\n{" ".join(command)}\nended with '
                 f'status {process.returncode}. Its whole log: {log_file}')


def free_port() -> int:
    """A port for the processes to meet at."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def train(name: str, cfg: dict, args: argparse.Namespace) -> Path:
    """Train a stage, if need be.

    Returns:
        Path: Its last checkpoint.
    """
    folder = args.work_dir / name
    start = time.time()
    done = finish(
        folder, cfg,
        lambda config: run_tool('train', args.gpus, [str(config)]))
    report_time('trained' if done else 'found, trained earlier', start)
    return last_checkpoint(folder)


def last_checkpoint(folder: Path) -> Path:
    """The last checkpoint that MMEngine saved in a folder.

    Raises:
        SystemExit: If there is none.
    """
    pointer = folder / 'last_checkpoint'
    if not pointer.is_file():
        sys.exit(f'There is no checkpoint in {folder}. Train one first: run '
                 'without --skip-train.')
    # The folder may have moved since.
    return folder / Path(pointer.read_text().strip()).name


def test(cfg: dict, checkpoint: Path,
         args: argparse.Namespace) -> dict[str, float]:
    """Test on the gallery, if need be.

    Returns:
        dict[str, float]: The metrics of the runner.
    """
    folder = args.work_dir / 'test'
    start = time.time()
    seen = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    cfg = dict(cfg, work_dir=str(folder), checkpoint=seen)
    done = finish(
        folder, cfg, lambda config: run_tool('test', args.gpus, [
            str(config),
            str(checkpoint), '--out',
            str(folder / 'scores.npz')
        ]))
    report_time('tested' if done else 'found, tested earlier', start)
    log = max(folder.glob('*/*.json'))  # named by MMEngine after the time
    metrics = json.loads(log.read_text().splitlines()[-1])
    return {key: value for key, value in metrics.items() if '2' in key}


def report_time(what: str, start: float) -> None:
    """Print how long a stage took."""
    print(f'  {what}: {time.time() - start:.0f} s', flush=True)
