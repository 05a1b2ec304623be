# Copyright (c) clipbert_mm contributors.
"""Pretraining: masked language modelling and image-text matching."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from clipbert_mm.datasets.transforms.mask_tokens import IGNORED_LABEL
from clipbert_mm.models.bert_loading import read_bert_config
from clipbert_mm.models.layers.masked_language_head import MaskedLanguageHead
from clipbert_mm.utils.checks import check_bool, check_choice

from .base_task import BaseTask, TaskHead
from .task_output import ModelOutput, stack_field

MLM_AVERAGES = ('masked', 'all')


def mean_over_processes(total: Tensor, count: Tensor) -> Tensor:
    """Return a mean whose gradient is that of the joined batch.

    Processes hold different numbers of terms, and DDP averages their
    gradients, so each process's total is divided by the mean count.

    Args:
        total (Tensor): Sum of the terms of this process, scalar.
        count (Tensor): Number of these terms, scalar.

    Returns:
        Tensor: Scalar; its average over the processes is the mean of all
        terms.
    """
    count = count.to(total.dtype)
    all_reduce(count, 'mean')
    # A batch without a masked token has the loss 0, and still a graph.
    return total / count.clamp(min=1 / get_world_size())


def pad_labels(labels: Sequence[Tensor], length: int) -> Tensor:
    """Stack masked-token labels, padded to the texts of the batch.

    Args:
        labels (Sequence[Tensor]): N tensors ``(M, L_i)``.
        length (int): L, the text tokens of the batch.

    Returns:
        Tensor: ``(N, M, L)``, -100 at the padding.
    """
    return torch.stack(
        [
            F.pad(label, (0, length - label.shape[-1]), value=IGNORED_LABEL)
            for label in labels
        ]
    )


@MODELS.register_module()
class PretrainTask(BaseTask):
    """Masked language modelling (MLM) and image-text matching (ITM).

    `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section "Pre-training";
    ``ClipBertForPreTraining`` of the reference at a118b02. On videos, the
    MLM loss is the mean over the clips, the ITM loss that of the consensus.

    Args:
        bert (str | dict): Same as ``bert`` of the head; only its
            configuration is read, for the MLM layers. Defaults to
            ``'bert-base-uncased'``.
        with_mlm (bool): Train MLM and ITM instead of ITM alone. Defaults to
            True.
        mlm_average (str): ``'masked'`` averages over the masked tokens;
            ``'all'`` divides by all text positions, pads included, as the
            reference does. Defaults to ``'masked'``.
        max_txt_len (int | None): Length to which the reference pads every
            text, for ``'all'``. Defaults to None.
        mlm_on_negatives (bool): Also predict the masked tokens of texts that
            do not belong to the image, as the reference does.
            Defaults to True.
        init_cfg (dict | None): MMEngine's initialiser, for example the MLM
            layers of a converted BERT. Defaults to None.

    Raises:
        ValueError: If ``mlm_average`` is unknown, or ``'all'`` lacks
            ``max_txt_len``.

    Example:
        >>> PretrainTask(dict(vocab_size=100, hidden_size=96)).with_mlm
        True
    """

    def __init__(
        self,
        bert: str | dict = 'bert-base-uncased',
        with_mlm: bool = True,
        mlm_average: str = 'masked',
        max_txt_len: int | None = None,
        mlm_on_negatives: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_choice('mlm_average', mlm_average, MLM_AVERAGES)
        check_bool('with_mlm', with_mlm)
        check_bool('mlm_on_negatives', mlm_on_negatives)
        if mlm_average == 'all' and max_txt_len is None:
            raise ValueError(
                "mlm_average='all' needs max_txt_len, the length to which the "
                'reference pads, but got None.'
            )
        self.with_mlm = self.needs_text_states = with_mlm
        self.mlm_average = mlm_average
        self.max_txt_len = max_txt_len
        self.mlm_on_negatives = mlm_on_negatives
        if with_mlm:
            config = read_bert_config(bert)
            self.mlm = MaskedLanguageHead(config)

    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head has two classes and the words of the task.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If K is not 2, or the MLM layers are made for another
                vocabulary or width than the head's.
        """
        if head.num_classes != 2:
            raise ValueError(
                'PretrainTask needs head.num_classes=2, but got '
                f'{head.num_classes}.'
            )
        if not self.with_mlm:
            return
        own = (len(self.mlm.bias), self.mlm.transform.dense.in_features)
        words = tuple(head.word_embeddings.shape)
        if own != words:
            raise ValueError(
                'PretrainTask predicts the words of the head, whose word '
                f'embeddings have the shape {words} (vocabulary, width), but '
                f'its own bert says {own}. Set task.bert to head.bert.'
            )

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the ITM loss, and the MLM loss if it is trained.

        Args:
            output (ModelOutput): Output for N images or videos.
            data_samples (Sequence[ActionDataSample]): N samples with
                ``text_labels`` ``(M, )`` and ``mlm_labels`` ``(M, L)``, -100
                where no token is masked.

        Returns:
            dict[str, Tensor]: ``loss_itm`` and ``loss_mlm``, scalars.
        """
        logits = output.video_logits
        matches = stack_field(data_samples, 'text_labels', logits.device)
        losses = dict(
            loss_itm=F.cross_entropy(logits.flatten(0, 1), matches.flatten())
        )
        if self.with_mlm:
            losses['loss_mlm'] = self._mlm_loss(output, matches, data_samples)
        return losses

    def _mlm_loss(
        self,
        output: ModelOutput,
        matches: Tensor,
        data_samples: Sequence[ActionDataSample],
    ) -> Tensor:
        assert output.text_states is not None
        labels = self._labels(output.text_states, data_samples)
        if not self.mlm_on_negatives:
            labels = labels.masked_fill(matches[..., None] == 0, IGNORED_LABEL)
        num_clips = output.text_states.shape[2]
        masked = labels != IGNORED_LABEL  # (N, M, L)
        # (N, M, C, L, D) -> (masked, C, D)
        states = output.text_states.transpose(2, 3)[masked]
        scores = self.mlm(states, output.word_embeddings)
        total = (
            F.cross_entropy(
                scores.flatten(0, 1).float(),
                labels[masked].repeat_interleave(num_clips),
                reduction='sum',
            )
            / num_clips
        )
        if self.mlm_average == 'masked':
            # Differs from reference: it averages over all text positions.
            return mean_over_processes(total, masked.sum())
        assert self.max_txt_len is not None
        return total / (labels.shape[:2].numel() * self.max_txt_len)

    def _labels(
        self, text_states: Tensor, data_samples: Sequence[ActionDataSample]
    ) -> Tensor:
        for sample in data_samples:
            if 'mlm_labels' not in sample:
                raise KeyError(
                    f"The data sample of '{sample.get('video_id')}' has no "
                    "field 'mlm_labels'. Add MaskTokens to the pipeline and "
                    'the field to algorithm_keys of PackActionInputs, or set '
                    'with_mlm=False of PretrainTask.'
                )
        return pad_labels(
            [
                torch.as_tensor(sample.get('mlm_labels'))
                for sample in data_samples
            ],
            text_states.shape[3],
        ).to(text_states.device)

    def match_scores(self, video_logits: Tensor) -> Tensor:
        """Return how well each text matches its image or video.

        Args:
            video_logits (Tensor): ``(N, M, 2)``.

        Returns:
            Tensor: float32 ``(N, M)`` in [0, 1].
        """
        return video_logits.float().softmax(-1)[..., 1]

    def evidence(self, video_logits: Tensor, label: int = 0) -> Tensor:
        """Return the log odds of a match.

        Args:
            video_logits (Tensor): ``(N, M, K)``.
            label (int): Not used. Defaults to 0.

        Returns:
            Tensor: ``(N, M)``.
        """
        return video_logits[..., 1] - video_logits[..., 0]

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add ``match_score`` and the words predicted at masked tokens.

        Args:
            output (ModelOutput): Output for N images or videos.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same samples, each with
            ``match_score`` ``(M, )`` and, with MLM, ``mlm_pred``
            ``(masked, )``, the word of the highest score (mean over clips)
            at each masked token, row by row.
        """
        scores = self.match_scores(output.video_logits)
        for sample, score in zip(data_samples, scores):
            sample.set_field(score, 'match_score')
        if self.with_mlm and 'mlm_labels' in data_samples[0]:
            assert output.text_states is not None
            labels = self._labels(output.text_states, data_samples)
            states = output.text_states.transpose(2, 3)  # (N, M, L, C, D)
            for sample, label, state in zip(data_samples, labels, states):
                words = self.mlm(
                    state[label != IGNORED_LABEL], output.word_embeddings
                )
                sample.set_field(words.mean(1).argmax(-1), 'mlm_pred')
        return data_samples
