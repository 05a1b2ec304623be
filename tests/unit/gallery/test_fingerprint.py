# Copyright (c) clipbert_mm contributors.
"""Digests by which a store recognises its run."""

import torch

from clipbert_mm.gallery.fingerprint import strings_digest, tensors_digest


def test_tensors_digest__names_types_shapes_and_values_count() -> None:
    tensors = dict(a=torch.arange(4.0), b=torch.ones(2))
    same = dict(a=torch.arange(4.0), b=torch.ones(2))
    assert tensors_digest(tensors) == tensors_digest(same)
    others = [
        dict(c=torch.arange(4.0), b=torch.ones(2)),
        dict(a=torch.arange(4.0).double(), b=torch.ones(2)),
        dict(a=torch.arange(4.0).view(2, 2), b=torch.ones(2)),
        dict(a=torch.arange(4.0), b=torch.zeros(2)),
    ]
    digests = {tensors_digest(other) for other in [tensors, *others]}
    assert len(digests) == 5


def test_strings_digest__the_order_counts() -> None:
    assert strings_digest(['a', 'b']) == strings_digest(iter(['a', 'b']))
    assert strings_digest(['a', 'b']) != strings_digest(['b', 'a'])
    assert strings_digest([1]) != strings_digest(['1'])
