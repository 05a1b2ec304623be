# Copyright (c) clipbert_mm contributors.
"""Tests of the student, against loops over tokens, clips and candidates."""

import math

import pytest
import torch
from torch import Tensor

from clipbert_mm.library.student import (
    VECTOR_WIDTH,
    AttentionPool,
    Student,
    listwise_loss,
)

WORDS, WIDTH = 20, 6


@pytest.fixture
def student() -> Student:
    torch.manual_seed(0)
    words = torch.randn(WORDS, 5)
    return Student(words, WIDTH, max_tokens=8).eval()


def slow_pool(pool: AttentionPool, tokens: list[Tensor]) -> Tensor:
    """Project every token by every head first, and average then."""
    normed = [pool.norm(token) for token in tokens]
    parts = []
    for head, values in enumerate(pool.values):
        weights = [math.exp(pool.weigh(token)[head]) for token in normed]
        parts.append(
            sum(w * (token @ values) for w, token in zip(weights, normed))
            / sum(weights)
        )
    vector = pool.project(torch.cat(parts))
    return vector / vector.norm()


@torch.no_grad()
def test_attention_pool__is_a_loop_over_tokens(student: Student) -> None:
    tokens = torch.randn(3, 4, WIDTH)
    vectors = student.embed_clips(tokens)
    assert vectors.shape == (3, VECTOR_WIDTH)
    for clip, vector in zip(tokens, vectors):
        wanted = slow_pool(student.clip_pool, list(clip))
        torch.testing.assert_close(vector, wanted, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_embed_texts__padding_changes_nothing(student: Student) -> None:
    ids = torch.tensor([[2, 7, 3, 0, 0], [2, 7, 9, 4, 3]])
    both = student.embed_texts(ids, ids > 0)
    alone = student.embed_texts(ids[:1, :3], ids[:1, :3] > 0)
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-5)
    turned = student.embed_texts(ids[1:].flip(1), ids[1:].flip(1) > 0)
    assert not torch.allclose(turned, both[1:], atol=1e-3)  # order matters


@torch.no_grad()
def test_logits__best_clip_counts(student: Student) -> None:
    texts = student.embed_texts(
        torch.tensor([[2, 5, 3]]), torch.ones(1, 3) > 0
    )
    clips = student.embed_videos(torch.randn(4, 3, 2, WIDTH))
    found = student.logits(texts, clips)
    scale = math.exp(float(student.log_scale))
    for video, own in enumerate(clips):
        wanted = scale * max(float(texts[0] @ clip) for clip in own)
        assert float(found[0, video]) == pytest.approx(wanted, abs=1e-5)


def test_listwise_loss__is_the_divergence_of_distributions() -> None:
    scores, targets = torch.randn(2, 3, 5, generator=torch.manual_seed(0))
    wanted = 0.0
    for own, other in zip(scores.tolist(), targets.tolist()):
        p = [math.exp(t) / sum(map(math.exp, other)) for t in other]
        q = [math.exp(s) / sum(map(math.exp, own)) for s in own]
        wanted += sum(a * math.log(a / b) for a, b in zip(p, q)) / 3
    assert float(listwise_loss(scores, targets)) == pytest.approx(wanted)


def test_state__holds_no_words(student: Student) -> None:
    names = {name.partition('.')[0] for name in student.state_dict()}
    assert 'words' not in names
    assert {name for name, _ in student.named_parameters()} == set(
        student.state_dict()
    )
