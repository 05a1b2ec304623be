# Copyright (c) clipbert_mm contributors.
"""Explain the score of a video and a text."""

import dataclasses

import numpy as np
import torch

from clipbert_mm.weights.calibration import Calibration

from .clip_pipeline import Clips
from .explained_target import (
    choose_target,
    target_scores,
)
from .explanation import ExplainedClip, ExplainedWord, Explanation
from .relevance_maps import attention_maps, occlusion_maps
from .text_words import leave_out, text_words
from .video_features import VideoFeatures
from .video_text_model import VideoTextModel


def explain_score(
    core: VideoTextModel,
    name: str,
    clips: Clips,
    text: str,
    answer: str | None,
    method: str,
    calibration: Calibration | None = None,
) -> Explanation:
    """Return what speaks for a score.

    Args:
        core (VideoTextModel): The model.
        name (str): Name of the video.
        clips (Clips): The video.
        text (str): Text, or question.
        answer (str | None): Answer to explain.
        method (str): ``'occlusion'`` or ``'attention'``.
        calibration (Calibration | None): Calibration of match scores.
            Defaults to None.

    Returns:
        Explanation: Places, moments and words.

    Raises:
        ValueError: If the answer does not fit the model.
    """
    features = VideoFeatures(
        name, core.tokens([clips.frames])[0], clips.times, core.digest
    )
    target = choose_target(core, features, text, answer)
    words = text_words(core.tokenize, target.text)
    # What is cut would move in where a word is left out.
    read = target.text[: words[-1].end] if words else target.text
    target = dataclasses.replace(target, text=read)
    texts = [target.text, *(leave_out(target.text, word) for word in words)]
    label = target.label
    scores = target_scores(core, [features], texts, label, calibration)[0]
    alone = [
        dataclasses.replace(
            features, tokens=features.tokens[i : i + 1], clips=(times,)
        )
        for i, times in enumerate(features.clips)
    ]
    clip_scores = target_scores(core, alone, texts[:1], label, calibration)
    if method == 'attention':
        maps = attention_maps(core, clips, target, words)
    else:
        maps = occlusion_maps(core, clips, features, target, texts)
    evidence = _video_evidence(core, features, texts, label)
    height, width = clips.image_shape
    frames = clips.frames[..., :height, :width].transpose(0, 2, 3, 4, 1)
    return Explanation(
        name,
        target.text,
        target.answer,
        method,
        float(scores[0]),
        tuple(
            ExplainedClip(
                *times, float(score), frames[i], cells, maps.cell_size
            )
            for i, (times, score, cells) in enumerate(
                zip(clips.times, clip_scores[:, 0], maps.whole)
            )
        ),
        tuple(
            ExplainedWord(
                word.text,
                word.start,
                word.end,
                float(scores[i]),
                float(evidence[0] - evidence[i]),
                tuple(maps.words[i - 1]),
            )
            for i, word in enumerate(words, 1)
        ),
    )


def _video_evidence(
    core: VideoTextModel,
    features: VideoFeatures,
    texts: list[str],
    label: int,
) -> np.ndarray:
    with torch.no_grad():
        logits = core.model.fuse_clips(core.clip_logits([features], texts))
        return core.model.task.evidence(logits, label)[0].cpu().numpy()
