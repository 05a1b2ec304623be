# Copyright (c) clipbert_mm contributors.
"""ClipBERT: backbone, grid encoder, cross-modal head, consensus, task."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from torch import Tensor, nn

from clipbert_mm.utils.checks import check_bool, check_choice
from clipbert_mm.utils.finite import check_finite

from .lora import add_lora, fit_lora, merge_lora
from .pair_scorer import PairScorer, check_token_budget
from .tasks import BaseTask, ModelOutput
from .text_bank import TextBank
from .weight_comparison import compare_weights, rename_weights

BACKBONE_INPUTS = ('frames', 'clips')
# Weights that belong to a task: fine-tuning may start without them.
TASK_PREFIXES = ('head.classifier.', 'consensus.', 'task.')


@MODELS.register_module()
class ClipBERT(BaseModel):
    """Video-and-language model trained end to end on sparse clips.

    `Less is More: ClipBERT for Video-and-Language Learning via Sparse
    Sampling <https://arxiv.org/abs/2102.06183>`_. One shape equation serves
    every task, in training and in testing: the head returns clip logits
    ``(N, M, C, K)``, the consensus fuses the clips to video logits
    ``(N, M, K)``, and the task turns them into a loss or a prediction.

    The model keeps no texts and no videos: calls from several threads do not
    mix.

    Args:
        backbone (dict): Config of :class:`ResNet50Grid` or of any MMAction2
            backbone.
        neck (dict): Config of :class:`GridEncoder`.
        head (dict): Config of :class:`BertCrossModalHead`.
        consensus (dict): Config of :class:`ConsensusAggregator` or of any
            registered module from ``(N, M, C, K)`` to ``(N, M, K)``.
        task (dict): Config of a :class:`BaseTask`, such as
            :class:`RetrievalTask`.
        data_preprocessor (dict | None): Config of the data preprocessor.
            Defaults to ``dict(type='VideoTextDataPreprocessor')``.
        backbone_input (str): ``'frames'``: a 2D backbone, frames are folded
            into the batch; ``'clips'``: a 3D backbone reads whole clips.
            Defaults to ``'frames'``.
        frozen_backbone (bool): Do not train the backbone (Table 6).
            Defaults to False.
        token_budget (int): Maximum number of text and visual tokens that go
            through BERT at a time in testing; bounds the memory. Defaults to
            65536.
        lora (dict | None): Train low-rank adapters of the head instead of
            its weights: options of :func:`~.lora.add_lora`, such as
            ``dict(r=8)``. Defaults to None: train all its weights.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        ImportError: If ``lora`` is given and peft is not installed.
        ValueError: If an option is out of range, or the parts do not fit.

    Example:
        >>> from mmengine.config import Config
        >>> cfg = Config.fromfile(
        ...     'configs/clipbert_msrvtt_ret.py')  # doctest: +SKIP
        >>> model = MODELS.build(cfg.model)  # doctest: +SKIP
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        consensus: dict,
        task: dict,
        data_preprocessor: dict | None = None,
        backbone_input: str = 'frames',
        frozen_backbone: bool = False,
        token_budget: int = 65536,
        lora: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        # Built here: the base class would look in MMEngine's registry.
        super().__init__(
            MODELS.build(
                data_preprocessor or dict(type='VideoTextDataPreprocessor')
            ),
            init_cfg,
        )
        check_choice('backbone_input', backbone_input, BACKBONE_INPUTS)
        check_bool('frozen_backbone', frozen_backbone)
        check_token_budget(token_budget)
        self.backbone_input = backbone_input
        self.frozen_backbone = frozen_backbone
        self.token_budget = token_budget
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)
        self.head = MODELS.build(head)
        self.consensus = MODELS.build(consensus)
        self.task: BaseTask = MODELS.build(task)
        if self.neck.out_channels != self.head.hidden_size:
            raise ValueError(
                f'neck.out_channels is {self.neck.out_channels}, but the BERT '
                f'of the head has hidden_size {self.head.hidden_size}. They '
                'must be equal.'
            )
        self.task.check(self.head, self.consensus)
        if frozen_backbone:
            self.backbone.requires_grad_(False)
        if lora is not None:
            add_lora(self.head, **lora)
        self._register_load_state_dict_pre_hook(self._check_state_dict)

    def train(self, mode: bool = True) -> 'ClipBERT':
        """Set the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.frozen_backbone:
            self.backbone.eval()
        return self

    def compile_parts(self, **options: Any) -> None:
        """Compile the backbone, the neck and the head, and nothing else.

        ``compile=True`` or ``compile=dict(...)`` of a config calls this. The
        graphs are whole, and the head's serves every length of the texts:
        it is compiled for the first length and once more for all others.

        Args:
            **options (Any): Options of ``torch.compile``, such as ``mode``.
        """
        for part in (self.backbone, self.neck, self.head):
            part.compile(**options)

    def merge_lora(self) -> None:
        """Add the adapters of the option ``lora`` to the head's weights.

        Its tensors then have the names of a model without adapters.
        """
        merge_lora(self.head)

    def forward(
        self,
        inputs: dict[str, Tensor],
        data_samples: list[ActionDataSample] | None = None,
        mode: str = 'tensor',
        text_bank: TextBank | None = None,
    ) -> Tensor | dict[str, Tensor] | list[ActionDataSample]:
        """Return clip logits, losses or predictions.

        Args:
            inputs (dict[str, Tensor]): ``imgs`` float32, normalised,
                ``(N, C, ch, T, H, W)``; ``input_ids`` and ``attention_mask``
                int64 ``(N, M, L)``. In ``'predict'`` the texts are not needed
                with a text bank, and ``imgs`` is missing if no video of the
                batch could be read.
            data_samples (list[ActionDataSample] | None): N samples with the
                targets, to which predictions are added. Defaults to None.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``.
                Defaults to ``'tensor'``.
            text_bank (TextBank | None): Texts that all videos are scored
                against in ``'predict'``. Defaults to None: each video has its
                own texts in ``inputs``.

        Returns:
            Tensor | dict | list: Clip logits ``(N, M, C, K)``; the task's
            losses; or the samples with predictions.

        Raises:
            ValueError: If the mode is unknown, samples or texts are missing,
                or the frames have another number of dimensions.
        """
        if mode == 'tensor':
            grid = self.extract_grid(inputs['imgs'])
            return self.head(
                grid, inputs['input_ids'], inputs['attention_mask']
            ).clip_logits
        check_choice('mode', mode, ('tensor', 'loss', 'predict'))
        if data_samples is None:
            raise ValueError(
                f"mode='{mode}' needs data_samples, but got None."
            )
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        return self.predict(inputs, data_samples, text_bank)

    def extract_grid(self, frames: Tensor) -> Tensor:
        """Return the grid of every clip.

        Args:
            frames (Tensor): ``(N, C, ch, T, H, W)``.

        Returns:
            Tensor: ``(N, C, Hg, Wg, D)``; ``(N, C, T, Hg, Wg, D)`` of a neck
            that joins the frames.

        Raises:
            ValueError: If the frames have another number of dimensions.
        """
        check_frames(frames)
        num_videos, num_clips, _, num_frames = frames.shape[:4]
        clips = frames.flatten(0, 1)  # (N * C, ch, T, H, W)
        if self.backbone_input == 'clips':
            features = self._features(clips).transpose(1, 2)
        else:
            features = self._features(clips.transpose(1, 2).flatten(0, 1))
            features = features.unflatten(0, (-1, num_frames))
        # (N * C, T', ch', H', W') -> (N, C, [T',] Hg, Wg, D)
        return self.neck(features).unflatten(0, (num_videos, num_clips))

    def _features(self, frames: Tensor) -> Tensor:
        with torch.set_grad_enabled(
            torch.is_grad_enabled() and not self.frozen_backbone
        ):
            features = self.backbone(frames)
        # MMAction2's backbones return a tuple when asked for several stages.
        return features[-1] if isinstance(features, tuple) else features

    def _output(
        self, grid: Tensor, input_ids: Tensor, attention_mask: Tensor
    ) -> ModelOutput:
        head = self.head(
            grid, input_ids, attention_mask, self.task.needs_text_states
        )
        return ModelOutput(
            self.consensus(head.clip_logits),
            head.text_states,
            self.head.word_embeddings,
        )

    def loss(
        self,
        inputs: dict[str, Tensor],
        data_samples: Sequence[ActionDataSample],
    ) -> dict[str, Tensor]:
        """Return the losses of the task; see :meth:`forward`."""
        grid = self.extract_grid(inputs['imgs'])
        output = self._output(
            grid, inputs['input_ids'], inputs['attention_mask']
        )
        return self.task.loss(output, data_samples)

    def predict(
        self,
        inputs: dict[str, Tensor],
        data_samples: list[ActionDataSample],
        text_bank: TextBank | None = None,
    ) -> list[ActionDataSample]:
        """Return the samples with the task's predictions; see :meth:`forward`.

        A sample with ``load_error`` has no frames in the batch. With a text
        bank its ``match_score`` is minus infinity for every text; without
        one it gets no prediction.
        """
        readable = [s for s in data_samples if 'load_error' not in s]
        if readable:
            self.task.predict(self._predict(inputs, text_bank), readable)
        if text_bank is not None:
            for sample in data_samples:
                if 'load_error' in sample:
                    sample.set_field(
                        torch.full((len(text_bank),), -torch.inf),
                        'match_score',
                    )
        return data_samples

    def _predict(
        self, inputs: dict[str, Tensor], text_bank: TextBank | None
    ) -> ModelOutput:
        if text_bank is not None:
            return self._predict_bank(inputs['imgs'], text_bank)
        if 'input_ids' in inputs:
            return self._predict_own(inputs)
        raise ValueError(
            'The batch has neither texts nor a text bank. Add '
            "dict(type='TextBankHook') to custom_hooks, or put "
            'text_bank=TextBank(...) into the batch.'
        )

    def _predict_bank(
        self, frames: Tensor, text_bank: TextBank
    ) -> ModelOutput:
        """Match every video with every text of the bank."""
        scorer = PairScorer(self, text_bank, self.token_budget)
        clip_logits = scorer.clip_logits(scorer.encode_clips(frames))
        return ModelOutput(
            self.fuse_clips(clip_logits), None, self.head.word_embeddings
        )

    def _predict_own(self, inputs: dict[str, Tensor]) -> ModelOutput:
        """Match every video with its own texts."""
        grid = self.extract_grid(inputs['imgs'])
        ids, mask = inputs['input_ids'], inputs['attention_mask'].bool()
        if self.task.needs_text_states:  # chunks of texts cannot be joined
            return self._output(grid, ids, mask)
        visual = self.head.grid_embedding(grid)
        num_videos, num_clips, num_cells = visual.shape[:3]
        tokens = num_videos * num_clips * (ids.shape[-1] + num_cells)
        chunk = max(1, self.token_budget // tokens)
        clip_logits = [
            self.match(self.embed_texts(part), part_mask, visual)
            for part, part_mask in zip(
                ids.split(chunk, 1), mask.split(chunk, 1)
            )
        ]
        return ModelOutput(
            self.consensus(torch.cat(clip_logits, 1)),
            None,
            self.head.word_embeddings,
        )

    @property
    def num_classes(self) -> int:
        """K, the logits of a pair."""
        return self.head.num_classes

    def encode_clips(self, frames: Tensor) -> Tensor:
        """Return the visual tokens of every clip.

        Args:
            frames (Tensor): ``(N, C, ch, T, H, W)``.

        Returns:
            Tensor: ``(N, C, V, D)``.
        """
        return self.head.grid_embedding(self.extract_grid(frames))

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens as they enter BERT's first layer.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L, D)``.
        """
        return self.head.embed_texts(input_ids)

    def match(
        self, text: Tensor, text_mask: Tensor | None, visual: Tensor
    ) -> Tensor:
        """Return the clip logits of all pairs.

        Args:
            text (Tensor): Result of :meth:`embed_texts`,
                ``(N or 1, M, L, D)``.
            text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
                tokens; None if all are.
            visual (Tensor): Result of :meth:`encode_clips`,
                ``(N, C, V, D)``.

        Returns:
            Tensor: ``(N, M, C, K)``.
        """
        return self.head.match(text, text_mask, visual).clip_logits

    def fuse_clips(self, clip_logits: Tensor) -> Tensor:
        """Fuse clip logits from any device.

        Scores of a whole test are collected on the CPU. A consensus without
        parameters fuses them there.

        Args:
            clip_logits (Tensor): ``(N, M, C, K)``.

        Returns:
            Tensor: Video logits, ``(N, M, K)``.
        """
        own = chain(self.consensus.parameters(), self.consensus.buffers())
        for tensor in own:
            clip_logits = clip_logits.to(tensor.device)
            break
        return self.consensus(clip_logits)

    def match_scores(self, clip_logits: Tensor) -> Tensor:
        """Return the match scores of consensus and task.

        Args:
            clip_logits (Tensor): ``(N, M, C, K)``.

        Returns:
            Tensor: float32 ``(N, M)`` in [0, 1].
        """
        return self.task.match_scores(self.fuse_clips(clip_logits))

    def _check_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *_: object
    ) -> None:
        """Raise for unfit weights before loading them; unwrap their names."""
        own = nn.Module.state_dict(self)
        own_names = {prefix + name: value for name, value in own.items()}
        rename_weights(state_dict, own_names)
        fit_lora(state_dict, own_names)
        # Before a head of another shape is left out.
        self.task.check_state_dict(state_dict, f'{prefix}task.')
        loaded = {
            key[len(prefix) :]: value
            for key, value in state_dict.items()
            if key.startswith(prefix)
        }
        for key in compare_weights(loaded, own, TASK_PREFIXES):
            del state_dict[prefix + key]
            del loaded[key]
        check_finite(
            {key: loaded[key] for key in own if key in loaded},
            'A checkpoint',
        )


def check_frames(frames: Tensor) -> None:
    """Raise unless frames have the dimensions of clips of videos.

    Args:
        frames (Tensor): Frames of a batch.

    Raises:
        ValueError: If they are not ``(N, C, ch, T, H, W)``.
    """
    if frames.ndim != 6:
        raise ValueError(
            'Frames must have the shape (N, C, ch, T, H, W), but got '
            f'{tuple(frames.shape)}. Use FormatClips().'
        )
