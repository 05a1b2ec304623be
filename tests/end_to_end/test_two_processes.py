# Copyright (c) clipbert_mm contributors.
"""Two processes compute what one does: gradients, training, metrics."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import SyncBuffersHook
from mmengine.model import MMDistributedDataParallel
from torch import distributed

from clipbert_mm.datasets.bad_media import BadMediaLog
from clipbert_mm.models.tasks.vocabulary_task import decode_answers
from tests.toolbox.paths import TOOLS
from tests.toolbox.processes import free_port, run_command, run_ranks
from tests.toolbox.shrink import metrics_in, shrink, write_config
from tests.toolbox.tiny_models import BERT, samples, tiny_clipbert, tiny_inputs

IGNORED = -100


def loss_of(model: torch.nn.Module, task: str, rows: slice) -> torch.Tensor:
    """Loss on some of four videos whose masked words are spread unevenly."""
    inputs = {k: v[rows] for k, v in tiny_inputs(num_videos=4).items()}
    inputs['imgs'] = inputs['imgs'].double()
    labels = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]][rows]
    batch = samples(labels)
    if task.startswith('pretrain'):
        words = torch.full((4, 4, 5), IGNORED)
        words[0, :, 1:4] = 7  # twelve in the first video
        words[2, 3, 2] = 9  # one in the third
        for sample, word in zip(batch, words[rows]):
            sample.set_field(word, 'mlm_labels')
    return sum(model(inputs, batch, mode='loss').values())


def build(task: str) -> torch.nn.Module:
    tasks = dict(
        ce=dict(),
        rank=dict(
            head=dict(num_classes=1),
            consensus=dict(aggregation='max'),
            task=dict(loss_type='rank'),
        ),
        pretrain=dict(task=dict(type='PretrainTask', bert=BERT)),
        pretrain_all=dict(
            task=dict(
                type='PretrainTask',
                bert=BERT,
                mlm_average='all',
                max_txt_len=9,
            )
        ),
        lora=dict(lora=dict(r=2, alpha=4)),
    )
    if task == 'lora':
        pytest.importorskip('peft', reason='the extra lora is not installed')
    # In double precision: how a convolution rounds depends on the batch.
    return tiny_clipbert(**tasks[task]).double()


def leave() -> None:
    """End a process of a group, after the others are done."""
    distributed.barrier()
    # Without destructors: that of DDP's process group, run by the interpreter,
    # waits for threads of gloo that wait for the interpreter.
    os._exit(0)


def save_gradients(rank: int, port: str, task: str, folder: str) -> None:
    """One of two processes: half of the batch, averaged by DDP."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        'gloo', f'tcp://127.0.0.1:{port}', rank=rank, world_size=2
    )
    model = MMDistributedDataParallel(build(task))
    loss_of(model, task, slice(2 * rank, 2 * rank + 2)).backward()
    if rank == 0:
        grads = {n: p.grad for n, p in model.module.named_parameters()}
        torch.save(grads, f'{folder}/grads.pth')
    leave()


@pytest.mark.parametrize(
    'task', ['ce', 'rank', 'pretrain', 'pretrain_all', 'lora']
)
def test_gradients__equal_those_of_the_joined_batch(
    task: str, tmp_path: Path
) -> None:
    run_ranks(save_gradients, free_port(), task, str(tmp_path))
    joined = build(task)
    loss_of(joined, task, slice(0, 4)).backward()
    grads = torch.load(tmp_path / 'grads.pth')
    for name, param in joined.named_parameters():
        if not param.requires_grad:  # a weight that LoRA freezes
            assert grads[name] is None
            continue
        scale = param.grad.norm().item()
        if name.endswith('key.bias'):  # exactly 0 by softmax's symmetry
            continue
        difference = (grads[name] - param.grad).norm().item()
        # Small gradients are differences of large terms.
        assert difference <= 1e-5 * scale + 1e-8, name


def merge_marks(rank: int, port: str, folder: str) -> None:
    """One of two processes, each of which meets another bad file."""
    distributed.init_process_group(
        'gloo', f'tcp://127.0.0.1:{port}', rank=rank, world_size=2
    )
    log = BadMediaLog(['a', 'b', 'c', 'd'], max_fraction=0.3)
    log.report(2 * rank, OSError('gone'))
    try:
        log.merge_processes()
    except RuntimeError as error:
        Path(folder, f'{rank}.txt').write_text(str(error))
    leave()


def test_bad_media__are_counted_over_all_processes(tmp_path: Path) -> None:
    run_ranks(merge_marks, free_port(), str(tmp_path))
    for rank in range(2):
        text = (tmp_path / f'{rank}.txt').read_text()
        assert '2 of 4 media cannot be used' in text
        assert "['a', 'c']" in text


def average_buffers(rank: int, port: str, folder: str) -> None:
    """One of two processes after an epoch of question answering."""
    distributed.init_process_group(
        'gloo', f'tcp://127.0.0.1:{port}', rank=rank, world_size=2
    )
    model = tiny_clipbert(
        head=dict(num_classes=2),
        task=dict(type='OpenEndedQATask', vocabulary=['café', '猫']),
    )
    hook = SyncBuffersHook()
    hook.after_train_epoch(SimpleNamespace(model=model))
    if rank == 0:
        torch.save(model.state_dict(), f'{folder}/state.pth')
    leave()


def test_vocabulary__survives_the_averaging_of_buffers(tmp_path: Path) -> None:
    run_ranks(average_buffers, free_port(), str(tmp_path))
    state = torch.load(tmp_path / 'state.pth')
    assert decode_answers(state['task.vocabulary']) == ['café', '猫']


@pytest.mark.slow
def test_tools__train_and_test_with_two_processes(
    corpus: Path, tmp_path: Path
) -> None:
    config = write_config(
        shrink('clipbert_msrvtt_ret', corpus), tmp_path / 'tiny.py'
    )
    trained = tmp_path / 'trained'
    log = run_command(
        TOOLS / 'dist_train.sh', config, 2, '--work-dir', trained
    )
    assert 'Distributed training: True' in log
    assert 'GPU number: 2' in log
    checkpoint = trained / 'epoch_1.pth'

    # Seven videos: the second process repeats one of them.
    one, two = tmp_path / 'one', tmp_path / 'two'
    run_command(
        sys.executable,
        TOOLS / 'test.py',
        config,
        checkpoint,
        '--work-dir',
        one,
        '--out',
        tmp_path / 'one.npz',
        '--show-dir',
        one / 'sheets',
    )
    run_command(
        TOOLS / 'dist_test.sh',
        config,
        checkpoint,
        2,
        '--work-dir',
        two,
        '--out',
        tmp_path / 'two.npz',
        '--show-dir',
        two / 'sheets',
    )
    expected = metrics_in(one)
    assert set(expected) == {
        f'{way}/{name}'
        for way in ('t2v', 'v2t')
        for name in ('R1', 'R5', 'R10', 'MdR', 'MnR')
    }
    assert metrics_in(two) == expected
    scores = [np.load(tmp_path / f'{n}.npz') for n in ('one', 'two')]
    assert scores[0]['scores'].shape == (10, 7)
    for key in ('scores', 'video_ids', 'text_ids'):
        np.testing.assert_array_equal(scores[0][key], scores[1][key])
    sheets = [
        {p.name: p.read_bytes() for p in (work / 'sheets').iterdir()}
        for work in (one, two)
    ]
    assert len(sheets[0]) == 10 + 7  # texts and videos
    assert sheets[0] == sheets[1]
