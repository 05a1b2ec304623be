# Copyright (c) clipbert_mm contributors.
"""Base of the inferencer: loading, features, MMEngine's manner of calls."""

import os
import os.path as osp
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from PIL import Image

from clipbert_mm.media.files import IMAGE_SUFFIXES
from clipbert_mm.utils.checks import check_bool, check_integer
from clipbert_mm.utils.outputs import check_output_folder
from clipbert_mm.visualization.sheet_files import safe_name, save_sheet
from clipbert_mm.weights.calibration import (
    Calibration,
    apply_calibration,
    read_calibration,
)

from .feature_cache import CACHE_BYTES
from .hub_model import HubModel
from .match_sheets import draw_match_sheet, sources_of
from .matches import is_read, warn_of_skipped
from .model_loading import build_model, read_model_files
from .model_names import find_model
from .precision import INT8, check_precision
from .text_queries import text_list
from .video_features import SkippedVideo, VideoFeatures
from .video_inputs import Video, expand_videos, is_single_video
from .video_text_model import VideoTextModel


class BaseVideoInferencer(HubModel, BaseInferencer):
    """Inferencer that encodes videos and scores them with texts.

    Args:
        model (str | os.PathLike[str] | Config): ``'demo'`` or ``'demo-qa'``,
            which come with the package; the folder of an exported model, or
            its name on the Hugging Face hub, ``'user/name'``; or, with
            weights, a config, its path or the name of a shipped one.
        weights (str | os.PathLike[str] | None): ``.pth`` or ``.safetensors``
            file, with a config. Defaults to None.
        device (str | None): Device of the model. Defaults to None: a GPU if
            one is available.
        precision (str | None): ``'bfloat16'``, ``'float16'`` or, on a CPU,
            ``'int8'``. Defaults to None, single precision.
        decoder (str | None): Decoder of videos. Defaults to None, that of the
            config.
        on_damage (str | None): ``'raise'``, ``'scan'`` or ``'use'``, as for
            ``LoadVideo``. Defaults to None, that of the config.
        limits (Mapping[str, Any] | None): Limits above which a file is
            unreadable, such as ``dict(pixels=10**8)``. Defaults to None,
            those of the config.
        show_progress (bool): Draw a progress bar where standard error is a
            terminal. Defaults to True.
        trust_config (bool): Also run the ``config.py`` of a folder. Set it
            only if you trust who made the folder. Defaults to False.
        cache_bytes (int): Maximum memory for the features of files that were
            read, which later calls use unless a file has changed. Defaults
            to 512 MiB; 0 reads every file again.

    Raises:
        FileNotFoundError: If the model or the weights do not exist.
        OSError: If a model of the hub cannot be downloaded.
        TypeError: If an argument is of another type, or a limit unknown.
        ValueError: If the weights do not fit the config, or an option is
            unknown.
    """

    preprocess_kwargs: ClassVar[set[str]] = {'on_error'}
    forward_kwargs: ClassVar[set[str]] = {'texts', 'calibration'}
    visualize_kwargs: ClassVar[set[str]] = {'return_vis', 'show', 'out_dir'}

    def __init__(
        self,
        model: str | os.PathLike[str] | Config,
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
        precision: str | None = None,
        decoder: str | None = None,
        on_damage: str | None = None,
        limits: Mapping[str, Any] | None = None,
        show_progress: bool = True,
        trust_config: bool = False,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        # Not the base class's constructor: it takes no exported folder,
        # and only warns where there are no weights.
        check_bool('trust_config', trust_config)
        check_bool('show_progress', show_progress)
        check_integer('cache_bytes', cache_bytes, 0)
        check_precision(precision)
        found = find_model(model)
        config, state = read_model_files(found, weights, trust_config)
        if isinstance(found, str) and osp.isdir(found):
            self.folder = found
            self.calibration = read_calibration(Path(found))
            self.stored_calibration = self.calibration
        if device is None and precision == INT8:
            device = 'cpu'
        self.cfg = config
        self.scope = config.get('default_scope', 'mmaction')
        self.model = build_model(config, state, device)
        self.visualizer = None
        self.show_progress = False  # features() draws its own
        self._core = VideoTextModel(
            self.model,
            config,
            precision,
            decoder,
            on_damage,
            limits,
            show_progress,
            self.folder,
            cache_bytes,
        )
        self.stored_digest = self._core.digest
        self.pipeline = self._init_pipeline(config)

    def features(
        self, videos: Any, on_error: str = 'raise', batch_size: int = 8
    ) -> Any:
        """Encode videos, so that later calls need not decode them.

        Args:
            videos (Any): One or more videos; see the class.
            on_error (str): ``'raise'``, or ``'skip'``, which puts a
                :class:`SkippedVideo` instead of an unreadable video;
                Ctrl-C then skips the rest. Defaults to ``'raise'``.
            batch_size (int): Number of videos at a time. Defaults to 8.

        Returns:
            VideoFeatures | list: Features of the video, or of each.

        Raises:
            FileNotFoundError: If a folder or a pattern holds no video.
            MediaError: If a video is unreadable and not skipped.
            OSError: If a file cannot be read and is not skipped.
            TypeError: If a video is of another type.
            ValueError: If there is no video, or features are of another
                model.
        """
        check_integer('batch_size', batch_size, 1)
        found = list(
            self._core.features(self._expand(videos), on_error, batch_size)
        )
        return found[0] if is_single_video(videos) else found

    def __call__(
        self,
        inputs: Any,
        texts: str | Iterable[str] = (),
        return_datasamples: bool = False,
        batch_size: int = 8,
        on_error: str = 'raise',
        return_vis: bool = False,
        show: bool = False,
        out_dir: str | os.PathLike[str] | None = None,
    ) -> dict[str, Any]:
        """Score videos with texts, as MMEngine's inferencers are called.

        Args:
            inputs (Any): Videos; see the class.
            texts (str | Iterable[str]): Texts.
            return_datasamples (bool): Return an ``ActionDataSample`` for each
                video instead of a dictionary. Defaults to False.
            batch_size (int): Number of videos at a time. Defaults to 8.
            on_error (str): ``'raise'`` or ``'skip'``. Defaults to
                ``'raise'``.
            return_vis (bool): Draw a sheet of each video; see
                :meth:`visualize`. Defaults to False.
            show (bool): Open the sheets in a viewer. Defaults to False.
            out_dir (str | os.PathLike[str] | None): Folder to write the
                sheets to. Defaults to None.

        Returns:
            dict[str, Any]: ``predictions``, one for each readable video,
            with ``video``, ``texts``, ``scores`` and ``clips``; and
            ``visualization``, the sheets that were drawn.

        Raises:
            OutputError: If nothing can be written to the folder.
            TypeError: If an argument is of another type.
        """
        check_integer('batch_size', batch_size, 1)
        check_bool('return_datasamples', return_datasamples)
        check_bool('return_vis', return_vis)
        check_bool('show', show)
        if out_dir is not None:
            check_output_folder('out_dir', out_dir)
        return super().__call__(
            inputs,
            return_datasamples,
            batch_size,
            texts=self._matching_texts(texts),
            calibration=self.calibration,
            on_error=on_error,
            return_vis=return_vis,
            show=show,
            out_dir=out_dir,
        )

    def _inputs_to_list(self, inputs: Any) -> list[Video]:
        return self._expand(inputs)

    def preprocess(
        self,
        inputs: list[Video],
        batch_size: int = 1,
        on_error: str = 'raise',
    ) -> Iterator[list[VideoFeatures]]:
        """Encode videos, a batch at a time.

        Args:
            inputs (list[Video]): The videos.
            batch_size (int): Number of videos at a time. Defaults to 1.
            on_error (str): ``'raise'`` or ``'skip'``. Defaults to
                ``'raise'``.

        Yields:
            list[VideoFeatures]: Features of the readable videos of a batch.
        """
        found = list(self._core.features(inputs, on_error, batch_size))
        warn_of_skipped(found)
        read = list(filter(is_read, found))
        for start in range(0, len(read), batch_size):
            yield read[start : start + batch_size]

    def forward(
        self,
        inputs: list[VideoFeatures],
        texts: Sequence[str],
        calibration: Calibration | None = None,
    ) -> list[ActionDataSample]:
        """Score a batch of videos with texts.

        Args:
            inputs (list[VideoFeatures]): Features of the videos.
            texts (Sequence[str]): Texts.
            calibration (Calibration | None): Calibration of the scores.
                Defaults to None.

        Returns:
            list[ActionDataSample]: A sample for each video, with ``video``,
            ``texts``, ``match_score`` ``(M,)``, ``clip_scores`` ``(M, C)``
            and ``clip_times``.
        """
        samples = []
        scores, clips = (
            apply_calibration(found, calibration)
            for found in self._core.scores(inputs, texts)
        )
        for video, match, per_clip in zip(inputs, scores, clips):
            sample = ActionDataSample()
            sample.set_field(video.video, 'video')
            sample.set_field(list(texts), 'texts')
            sample.set_field(torch.from_numpy(match), 'match_score')
            sample.set_field(torch.from_numpy(per_clip), 'clip_scores')
            sample.set_field(video.clips, 'clip_times')
            samples.append(sample)
        return samples

    def visualize(
        self,
        inputs: list[Video],
        preds: list[ActionDataSample],
        show: bool = False,
        return_vis: bool = False,
        out_dir: str | os.PathLike[str] | None = None,
    ) -> list[np.ndarray]:
        """Draw the clips of each video with the scores of its texts.

        Args:
            inputs (list[Video]): The videos.
            preds (list[ActionDataSample]): Results of :meth:`forward`.
            show (bool): Open the sheets in a viewer. Defaults to False.
            return_vis (bool): Return the sheets. Defaults to False.
            out_dir (str | os.PathLike[str] | None): Folder to write them to.
                Defaults to None.

        Returns:
            list[np.ndarray]: A sheet ``(H, W, 3)``, uint8, RGB, for each
            prediction; empty if none of the three arguments asks for it.

        Raises:
            FileNotFoundError: If a video is given as features, and there is
                no file of its name.
        """
        if not (return_vis or show or out_dir is not None):
            return []
        sheets = []
        for index, pair in enumerate(zip(preds, sources_of(inputs, preds))):
            sheets.append(draw_match_sheet(*pair))
            if show:
                Image.fromarray(sheets[-1]).show()
            if out_dir is not None:
                name = f'video_{index:06d}_{osp.basename(pair[0].video)}'
                save_sheet(
                    osp.join(out_dir, f'{safe_name(name)}.png'), sheets[-1]
                )
        return sheets

    def postprocess(
        self,
        preds: list[ActionDataSample],
        visualization: list[np.ndarray],
        return_datasample: bool = False,
    ) -> dict[str, Any]:
        """Pack predictions, as plain values unless samples are wanted.

        Args:
            preds (list[ActionDataSample]): Results of :meth:`forward`.
            visualization (list[np.ndarray]): Images.
            return_datasample (bool): Keep the samples. Defaults to False.

        Returns:
            dict[str, Any]: ``predictions`` and ``visualization``.
        """
        predictions = preds if return_datasample else list(map(_values, preds))
        return dict(predictions=predictions, visualization=visualization)

    def _matching_texts(self, texts: Any, name: str = 'texts') -> list[str]:
        """Return texts to match, before a video is read."""
        if not self._core.matches_texts:
            raise ValueError(
                f'A model of {type(self.model.task).__name__} does not match '
                'texts with videos. Pass a retrieval model, or call answer() '
                'or count().'
            )
        found = text_list(name, texts)
        self._core.check_texts(found)
        return found

    def _init_pipeline(self, cfg: Config) -> Any:
        return self._core.pipeline

    def _expand(self, videos: Any) -> list[Video]:
        reads_images = self._core.pipeline.reads_images
        return expand_videos(videos, IMAGE_SUFFIXES if reads_images else ())

    def _read(
        self, videos: Sequence[Video], on_error: str, batch_size: int
    ) -> list[VideoFeatures | SkippedVideo]:
        """Encode videos, at least one of which must be readable."""
        check_integer('batch_size', batch_size, 1)
        found = list(self._core.features(videos, on_error, batch_size))
        first = found[0]
        if not any(map(is_read, found)) and isinstance(first, SkippedVideo):
            raise ValueError(
                f'None of the {len(found)} videos can be read; the first, '
                f'{first.video!r}: {first.reason}.'
            )
        return found


def _values(sample: ActionDataSample) -> dict[str, Any]:
    """Return a prediction as plain values."""
    return dict(
        video=sample.video,
        texts=sample.texts,
        scores=sample.match_score.tolist(),
        clips=[
            dict(start=start, end=end, scores=scores)
            for (start, end), scores in zip(
                sample.clip_times, sample.clip_scores.T.tolist()
            )
        ],
    )
