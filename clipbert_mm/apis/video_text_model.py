# Copyright (c) clipbert_mm contributors.
"""A trained model with its pipeline and tokenizer: features and logits."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from rich.console import Console
from rich.progress import track
from torch import Tensor

from clipbert_mm.datasets.transforms import BertTokenize
from clipbert_mm.gallery.fingerprint import tensors_digest
from clipbert_mm.media.errors import MediaError, is_media_error
from clipbert_mm.models import ClipBERT
from clipbert_mm.models.pair_scorer import PairScorer
from clipbert_mm.models.tasks import BaseTask, ModelOutput
from clipbert_mm.models.text_bank import TextBank
from clipbert_mm.utils.checks import check_choice
from clipbert_mm.utils.config_settings import TOKENIZE
from clipbert_mm.utils.error_text import first_line

from .clip_pipeline import ClipPipeline, Clips
from .feature_cache import FeatureCache, FileState, file_state
from .precision import autocast_of, make_matcher
from .text_queries import check_understood
from .video_features import SkippedVideo, VideoFeatures
from .video_inputs import Video

ON_ERROR = ('raise', 'skip')
#: Tokens of a batch whose activations stay in the caches of a CPU.
CPU_TOKENS = 4096


class VideoTextModel:
    """Features of videos and clip logits of a trained model.

    It keeps nothing of a call but the features of files, so threads may
    share it.

    Args:
        model (ClipBERT): Model in evaluation mode, on its device.
        config (Config): Config of the model, with ``test_dataloader``.
        precision (str | None): ``'bfloat16'`` or ``'float16'``, the precision
            of matrix products and convolutions; or ``'int8'``, that of the
            head on a CPU. Defaults to None, single precision.
        decoder (str | None): Decoder of videos. Defaults to None, that of the
            config.
        on_damage (str | None): ``'raise'``, ``'scan'`` or ``'use'``, as for
            ``LoadVideo``. Defaults to None, that of the config.
        limits (Mapping[str, Any] | None): Limits above which a file is
            unreadable, such as ``dict(pixels=10**8)``. Defaults to None,
            those of the config.
        show_progress (bool): Draw a progress bar where standard error is a
            terminal. Defaults to True.
        folder (str | None): Folder of the exported model, which may hold its
            ONNX graphs. Defaults to None.
        cache_bytes (int): Maximum number of bytes of features of files that
            are kept for later calls. Defaults to 0.

    Raises:
        ImportError: If ``precision='int8'`` lacks ONNX Runtime.
        TypeError: If a limit is unknown.
        ValueError: If the config has no tokenizer, or an option is unknown.
    """

    def __init__(
        self,
        model: ClipBERT,
        config: Config,
        precision: str | None = None,
        decoder: str | None = None,
        on_damage: str | None = None,
        limits: Mapping[str, Any] | None = None,
        show_progress: bool = True,
        folder: str | None = None,
        cache_bytes: int = 0,
    ) -> None:
        self.model = model
        on_cpu = next(model.parameters()).device.type == 'cpu'
        self._token_budget = min(
            model.token_budget, CPU_TOKENS if on_cpu else model.token_budget
        )
        self._matcher = make_matcher(model, precision, folder)
        self.pipeline = ClipPipeline(config, decoder, on_damage, limits)
        self.tokenize = find_tokenize(config)
        self._autocast = autocast_of(precision)
        self.show_progress = show_progress
        self.digest = tensors_digest(model.state_dict())
        self._cache = FeatureCache(cache_bytes)

    def features(
        self,
        videos: Sequence[Video],
        on_error: str = 'raise',
        batch_size: int = 8,
    ) -> Iterator[VideoFeatures | SkippedVideo]:
        """Encode videos, in their order.

        Args:
            videos (Sequence[Video]): Files, frames, or features, which are
                passed on.
            on_error (str): ``'raise'``, or ``'skip'`` videos that cannot be
                read. Then Ctrl-C skips the rest. Defaults to ``'raise'``.
            batch_size (int): Number of videos that are encoded at a time.
                Defaults to 8.

        Yields:
            VideoFeatures | SkippedVideo: One for each video.

        Raises:
            MediaError: If a video is unreadable and not skipped.
            OSError: If a file cannot be read and is not skipped.
            ValueError: If features are of another model.
        """
        check_choice('on_error', on_error, ON_ERROR)
        interrupted = False
        chunks = [
            videos[start : start + batch_size]
            for start in range(0, len(videos), batch_size)
        ]
        for chunk in self._progress(chunks):
            if not interrupted:
                try:
                    yield from self._encode(chunk, on_error)
                    continue
                except KeyboardInterrupt:
                    if on_error == 'raise':
                        raise
                    interrupted = True
            yield from (SkippedVideo(_name(v), 'interrupted') for v in chunk)

    def _encode(
        self, videos: Sequence[Video], on_error: str
    ) -> list[VideoFeatures | SkippedVideo]:
        files = [file_state(video) for video in videos]
        found: dict[int, VideoFeatures | SkippedVideo] = {}
        loaded: dict[int, Clips] = {}
        for i, (video, file) in enumerate(zip(videos, files)):
            known = self._find(video, file) or self._load(video, on_error)
            if isinstance(known, SkippedVideo) and on_error == 'raise':
                raise MediaError(known.video, known.reason)
            if isinstance(known, Clips):
                loaded[i] = known
            else:
                found[i] = known
        if loaded:
            tokens = self.tokens([clips.frames for clips in loaded.values()])
            for (i, clips), video_tokens in zip(loaded.items(), tokens):
                features = VideoFeatures(
                    _name(videos[i]), video_tokens, clips.times, self.digest
                )
                self._cache.put(files[i], features)
                found[i] = features
        return [found[i] for i in range(len(videos))]

    def _find(
        self, video: Video, file: FileState | None
    ) -> VideoFeatures | SkippedVideo | None:
        """Return what is known of a video without reading it."""
        if isinstance(video, VideoFeatures):
            return self._checked(video)
        if isinstance(video, SkippedVideo):
            return video
        known = self._cache.get(file)
        return known and dataclasses.replace(known, video=_name(video))

    def _load(self, video: Any, on_error: str) -> Clips | SkippedVideo:
        try:
            return self.pipeline(video)
        except Exception as error:
            if on_error == 'raise' or not is_media_error(error):
                raise
            reason = getattr(error, 'reason', None) or first_line(error)
            return SkippedVideo(_name(video), reason)

    def tokens(self, frames: Sequence[np.ndarray]) -> Tensor:
        """Return the visual tokens of videos.

        Args:
            frames (Sequence[np.ndarray]): N videos, uint8
                ``(C, ch, T, H, W)`` each.

        Returns:
            Tensor: ``(N, C, V, D)`` on the CPU.
        """
        return self._scorer([]).encode_clips(self.preprocess(frames)).cpu()

    def preprocess(self, frames: Sequence[np.ndarray]) -> Tensor:
        """Return a batch of normalised frames, on the device of the model.

        Args:
            frames (Sequence[np.ndarray]): N videos, uint8
                ``(C, ch, T, H, W)`` each.

        Returns:
            Tensor: float32 ``(N, C, ch, T, H, W)``.
        """
        return preprocess(self.model, frames)

    def _checked(self, features: VideoFeatures) -> VideoFeatures:
        if features.model != self.digest:
            raise ValueError(
                f'The features of {features.video!r} were computed by another '
                f'model ({features.model}, this one is {self.digest}). '
                'Compute them again with this model.'
            )
        tokens = features.tokens
        if (
            not isinstance(tokens, Tensor)
            or tokens.ndim != 3
            or not 0 < len(tokens) == len(features.clips)
            or not torch.isfinite(tokens).all()
        ):
            raise ValueError(
                f'The features of {features.video!r} must hold finite tokens '
                f'(C, V, D) of {len(features.clips)} clips, at least one. Use '
                'them as features() returned them.'
            )
        return features

    def check_texts(self, texts: Sequence[str]) -> None:
        """Raise or warn if the model cannot understand texts.

        Args:
            texts (Sequence[str]): Texts of a call.

        Raises:
            ValueError: If the vocabulary knows no word of a text.

        Warns:
            UserWarning: If it knows less than half of the words, or a text is
                longer than the model reads.
        """
        check_understood(self.tokenize, texts)

    @property
    def matches_texts(self) -> bool:
        """Whether the task scores how well texts match videos."""
        return type(self.model.task).match_scores is not BaseTask.match_scores

    def clip_logits(
        self,
        features: Sequence[VideoFeatures],
        texts: Sequence[str],
        together: bool = False,
    ) -> Tensor:
        """Return the logits of every clip with every text.

        Args:
            features (Sequence[VideoFeatures]): N videos.
            texts (Sequence[str]): M texts.
            together (bool): Let videos share a batch, which is faster for
                many of them. The last bits of a logit then depend on its
                neighbours. Defaults to False.

        Returns:
            Tensor: float32 ``(N, M, C, K)`` on the CPU.
        """
        scorer = self._scorer(texts)
        device = next(self.model.parameters()).device
        at_once = self._token_budget if together else 0
        return torch.cat(
            [
                scorer.clip_logits(tokens.to(device))
                for tokens in _stacked(features, at_once)
            ]
        )

    def scores(
        self,
        features: Sequence[VideoFeatures],
        texts: Sequence[str],
        together: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return match scores of videos and of their clips.

        Args:
            features (Sequence[VideoFeatures]): N videos.
            texts (Sequence[str]): M texts.
            together (bool): See :meth:`clip_logits`. Defaults to False.

        Returns:
            tuple[np.ndarray, np.ndarray]: float32 ``(N, M)``, and
            ``(N, M, C)``, the scores that clips would have as videos of one
            clip.

        Raises:
            NotImplementedError: If the model does not match texts.
        """
        with torch.no_grad():
            logits = self.clip_logits(features, texts, together)
            scores = self.model.match_scores(logits)
            alone = logits.transpose(1, 2).flatten(0, 1)[:, :, None]
            clips = self.model.match_scores(alone)  # (N * C, M)
        clips = clips.unflatten(0, (len(features), -1)).transpose(1, 2)
        return scores.cpu().numpy(), clips.cpu().numpy()

    def predictions(
        self, features: Sequence[VideoFeatures], texts: Sequence[str]
    ) -> list[ActionDataSample]:
        """Return what the task predicts for videos with the same texts.

        Args:
            features (Sequence[VideoFeatures]): N videos.
            texts (Sequence[str]): M texts.

        Returns:
            list[ActionDataSample]: A sample for each video.
        """
        with torch.no_grad():
            logits = self.clip_logits(features, texts)
            output = ModelOutput(
                self.model.fuse_clips(logits),
                None,
                self.model.head.word_embeddings,
            )
            samples = [ActionDataSample() for _ in features]
            return list(self.model.task.predict(output, samples))

    def _scorer(self, texts: Sequence[str]) -> PairScorer:
        if texts:
            bank = TextBank.from_tokens(self.tokenize.tokenize(texts))
        else:
            empty = torch.zeros(0, 1, dtype=torch.long)
            bank = TextBank(empty, empty)
        return PairScorer(
            self._matcher, bank, self._token_budget, self._autocast
        )

    def _progress(self, chunks: list) -> Iterable:
        console = Console(stderr=True)
        if (
            len(chunks) < 2
            or not self.show_progress
            or not console.is_terminal
        ):
            return chunks
        return track(chunks, 'Reading videos', console=console, transient=True)


def preprocess(model: ClipBERT, frames: Sequence[np.ndarray]) -> Tensor:
    """Return a batch of normalised frames, on the device of a model.

    Args:
        model (ClipBERT): The model.
        frames (Sequence[np.ndarray]): N videos, uint8 ``(C, ch, T, H, W)``
            each.

    Returns:
        Tensor: float32 ``(N, C, ch, T, H, W)``.
    """
    batch = model.data_preprocessor(
        dict(
            inputs=dict(imgs=[torch.from_numpy(f) for f in frames]),
            data_samples=[ActionDataSample() for _ in frames],
        ),
        False,
    )
    return batch['inputs']['imgs']


def find_tokenize(config: Config) -> BertTokenize:
    """Return the tokenisation of the test of a config.

    Args:
        config (Config): Config with ``test_dataloader``.

    Returns:
        BertTokenize: That of the dataset, or of its pipeline.

    Raises:
        ValueError: If there is none.
    """
    dataset = config.test_dataloader.dataset
    steps = [dataset.get('tokenize'), *dataset.pipeline]
    for step in steps:
        if step is not None and step['type'] in TOKENIZE:
            return TRANSFORMS.build(step)
    raise ValueError(
        "Texts need a 'BertTokenize' in test_dataloader.dataset, as "
        '`tokenize` or in its pipeline, but the dataset '
        f'{dataset.type!r} has none. Pass a config of retrieval or question '
        'answering.'
    )


def _stacked(
    features: Sequence[VideoFeatures], token_budget: int
) -> Iterator[Tensor]:
    """Yield the tokens of videos, in blocks of as many tokens, or of one."""
    block: list[Tensor] = []
    for video in features:
        size = video.tokens.shape[:2].numel()
        if block and (len(block) + 1) * size > token_budget:
            yield torch.stack(block)
            block = []
        block.append(video.tokens)
    if block:
        yield torch.stack(block)


def _name(video: Video) -> str:
    return video if isinstance(video, str) else video.video
