# Copyright (c) clipbert_mm contributors.
"""Build ClipBERT, its inputs and its outputs as in the reference run."""

from collections import defaultdict
from typing import Any

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.models.tasks.task_output import ModelOutput
from tests.toolbox import reference_data

# Small BERT of the reference run; all other options are BERT's defaults.
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
        model (str): Name of the model, a key of ``TASKS``.
        bert (dict | None): Options of another BERT. Defaults to None.
        aggregation (str): Aggregation of the clips. Defaults to ``'mean'``.
    """
    bert = bert or BERT
    task = dict(TASKS[model])
    if model == 'pretrain':
        task.update(bert=bert)
    return dict(
        type='ClipBERT',
        # The stored states are not padded any further.
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
        model (nn.Module): ClipBERT, whose preprocessor normalises pixels.
        case (str): Name of the case.
        video (int | None): Index of the only video. Defaults to None: all
            videos, which must have equally many captions.
        clip_len (int | None): Frames per clip. Defaults to None: one clip of
            all frames.
        targets (np.ndarray): Fields of the samples by name, with one row per
            text or, in multiple choice, per question.

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
    num_options = len(texts[0]) // sum(counts)  # > 1 in multiple choice
    texts = [text.split([n * num_options for n in counts]) for text in texts]
    rows = {
        name: torch.as_tensor(value).split(counts)
        for name, value in targets.items()
    }
    items = defaultdict(list)
    samples = []
    for index in range(len(counts)) if video is None else [video]:
        clip = frames[index].unflatten(0, (-1, clip_len or len(frames[index])))
        items['imgs'].append(clip.transpose(1, 2))  # (C, ch, T, H, W)
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
    """Context in which the outputs of modules are recorded.

    Args:
        model (nn.Module): Model to run in the context.
        names (list[str]): Names of modules of the model.

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
        """Return the outputs of all calls, joined in the first dimension."""
        return torch.cat(self.calls[name])


def make_output(video_logits: Tensor) -> ModelOutput:
    """Return an output of the model that has only logits."""
    return ModelOutput(video_logits, None, torch.empty(0))


def statistics(value: Tensor) -> Tensor:
    """Return mean, deviation, extremes and 16 values of a tensor."""
    flat = value.double().flatten()
    picks = [i * (flat.numel() - 1) // 15 for i in range(16)]
    summary = torch.stack([flat.mean(), flat.std(), flat.min(), flat.max()])
    return torch.cat([summary, flat[picks]])


def assert_close(actual: Tensor, name: str, atol: float) -> None:
    """Compare a tensor with a stored array by absolute difference."""
    expected = torch.from_numpy(np.array(reference_data.array(name)))
    torch.testing.assert_close(
        actual.detach().to(expected.dtype),
        expected,
        rtol=0,
        atol=atol,
        msg=lambda text: f'{name}: {text}',
    )
