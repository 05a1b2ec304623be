# Copyright (c) clipbert_mm contributors.
"""Accuracy of masked language modelling and image-text matching."""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from clipbert_mm.datasets.transforms.mask_tokens import IGNORED_LABEL

from .answers import check_numbers


@METRICS.register_module()
class PretrainMetric(BaseMetric):
    """MLM accuracy over masked tokens and ITM accuracy over texts, percent.

    These are the two numbers of the reference's ``run_pretrain.py`` at
    a118b02.

    Args:
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.

    Example:
        >>> val_evaluator = dict(type='PretrainMetric')
    """

    def __init__(self, collect_device: str = 'cpu') -> None:
        super().__init__(collect_device)

    def process(
        self, data_batch: dict | None, data_samples: Sequence[dict]
    ) -> None:
        """Count hits.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Data samples with ``match_score``
                and ``text_labels``, for MLM also ``mlm_pred`` and
                ``mlm_labels``.

        Raises:
            ValueError: If a score is NaN.
        """
        for sample in data_samples:
            check_numbers(sample, sample['match_score'])
            labels = np.asarray(sample['text_labels'])
            matches = sample['match_score'].cpu().numpy() > 0.5
            result = dict(itm=(int((matches == labels).sum()), len(labels)))
            if 'mlm_pred' in sample:
                words = np.asarray(sample['mlm_labels'])
                words = words[words != IGNORED_LABEL]
                hits = sample['mlm_pred'].cpu().numpy() == words
                result['mlm'] = (int(hits.sum()), len(words))
            self.results.append(result)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Sum the counts.

        Args:
            results (list[dict]): Hits and trials of each item.

        Returns:
            dict[str, float]: ``itm_acc`` and, with MLM, ``mlm_acc``.
        """
        metrics = {}
        for name in ('itm', 'mlm'):
            counts = np.array([r[name] for r in results if name in r])
            if len(counts) and counts[:, 1].sum():
                hits, trials = counts.sum(0)
                metrics[f'{name}_acc'] = float(100 * hits / trials)
        return metrics
