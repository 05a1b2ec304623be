# Copyright (c) clipbert_mm contributors.
"""Build, run and read ClipBERT as the reference run did."""

from collections import defaultdict
from typing import Any

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from tests.toolbox import reference_data

# The small configuration of the reference run; the rest are BERT's defaults.
BERT = dict(
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=128,
    vocab_size=1000,
)

HEADS = {
    'ret_ce': dict(num_classes=2),
    'ret_rank': dict(num_classes=1),
    'qa_open': dict(num_classes=1500),
    'vqa_bce': dict(num_classes=50),
    'mc5': dict(num_classes=1),
    'pretrain': dict(num_classes=2, classifier='linear'),
}
TASKS = {
    'ret_ce': dict(type='RetrievalTask', loss_type='ce'),
    'ret_rank': dict(type='RetrievalTask', loss_type='rank', margin=0.2),
    'qa_open': dict(
        type='OpenEndedQATask', vocabulary=[str(i) for i in range(1500)]
    ),
    'vqa_bce': dict(type='VQATask', vocabulary=[str(i) for i in range(50)]),
    'mc5': dict(type='MultipleChoiceTask', num_options=5),
    'pretrain': dict(type='PretrainTask', mlm_average='all', max_txt_len=12),
}


def model_cfg(
    model: str, bert: dict | None = None, aggregation: str = 'mean'
) -> dict:
    """Return the configuration of one of the small models.

    Args:
        model (str): A key of ``TASKS``.
        bert (dict, optional): Another BERT. Defaults to None.
        aggregation (str): Of the clips. Defaults to ``'mean'``.
    """
    bert = bert or BERT
    task = dict(TASKS[model])
    if model == 'pretrain':
        task.update(bert=bert)
    return dict(
        type='ClipBERT',
        # The stored states have no further padding.
        data_preprocessor=dict(
            type='VideoTextDataPreprocessor', pad_texts_to=1
        ),
        backbone=dict(type='ResNet50Grid'),
        neck=dict(type='GridEncoder', out_channels=bert['hidden_size']),
        head=dict(type='BertCrossModalHead', bert=bert, **HEADS[model]),
        consensus=dict(type='ConsensusAggregator', aggregation=aggregation),
        task=task,
    )


def make_batch(
    model: nn.Module,
    case: str,
    video: int | None = None,
    clip_len: int | None = None,
    **targets: np.ndarray,
) -> dict:
    """Make the inputs of a stored case from uint8 pixels.

    Args:
        model (nn.Module): ClipBERT, whose preprocessor normalises.
        case (str): Name of the case.
        video (int, optional): Only this video. Defaults to None: all, which
            must have equally many captions.
        clip_len (int, optional): Frames of a clip. Defaults to None: all.
        targets (np.ndarray): Fields of the samples, one row for each text
            (each question of several options).

    Returns:
        dict: ``inputs`` and ``data_samples`` for the model.
    """
    settings = reference_data.load_json()['cases'][case]
    frames = torch.from_numpy(reference_data.pixels(*settings['pixels']))
    counts = settings['n_examples_list']
    texts = [
        reference_data.tensor(f'{case}/in_text_input_{name}')
        for name in ('ids', 'mask')
    ]
    num_options = len(texts[0]) // sum(counts)  # 1 but in multiple choice
    texts = [text.split([n * num_options for n in counts]) for text in texts]
    rows = {
        name: torch.as_tensor(value).split(counts)
        for name, value in targets.items()
    }
    items = defaultdict(list)
    samples = []
    for index in range(len(counts)) if video is None else [video]:
        clip = frames[index].unflatten(0, (-1, clip_len or len(frames[index])))
        items['imgs'].append(clip.transpose(1, 2))  # (C, 3, T, H, W)
        items['input_ids'].append(texts[0][index])
        items['attention_mask'].append(texts[1][index])
        sample = ActionDataSample()
        for name, value in rows.items():
            sample.set_field(value[index].numpy(), name)
        samples.append(sample)
    return model.data_preprocessor(
        dict(inputs=dict(items), data_samples=samples)
    )


class OutputRecorder:
    """Collects the outputs of modules while it is open.

    Args:
        model (nn.Module): The model.
        names (list[str]): Names of its modules.

    Example:
        >>> with OutputRecorder(model, ['neck']) as outputs:
        ...     model(**batch)
        >>> outputs['neck']
    """

    def __init__(self, model: nn.Module, names: list[str]) -> None:
        self.model = model
        self.names = names
        self.calls: dict[str, list[Tensor]] = defaultdict(list)

    def __enter__(self) -> 'OutputRecorder':
        self.handles = [
            self.model.get_submodule(name).register_forward_hook(
                self._hook(name)
            )
            for name in self.names
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()

    def _hook(self, name: str):

        def keep(_: nn.Module, __: tuple, output: Any) -> None:
            value = output if isinstance(output, Tensor) else output[0]
            self.calls[name].append(value.detach())

        return keep

    def __getitem__(self, name: str) -> Tensor:
        """Return the outputs of all calls, joined at the first dimension."""
        return torch.cat(self.calls[name])


def statistics(value: Tensor) -> Tensor:
    """Return mean, deviation, extremes and 16 values, as stored."""
    flat = value.double().flatten()
    picks = [i * (flat.numel() - 1) // 15 for i in range(16)]
    summary = torch.stack([flat.mean(), flat.std(), flat.min(), flat.max()])
    return torch.cat([summary, flat[picks]])


def assert_close(actual: Tensor, name: str, atol: float) -> None:
    """Compare with a stored array, by absolute difference alone."""
    expected = torch.from_numpy(np.array(reference_data.array(name)))
    torch.testing.assert_close(
        actual.detach().to(expected.dtype),
        expected,
        rtol=0,
        atol=atol,
        msg=lambda text: f'{name}: {text}',
    )
