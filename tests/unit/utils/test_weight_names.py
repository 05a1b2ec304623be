# Copyright (c) clipbert_mm contributors.
"""Names of weights as real wrappers write them."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from clipbert_mm.utils.weight_names import WeightNamesError, unwrap_names


class Net(nn.Module):
    """Model with a part that has the name of a wrapper."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.model = nn.Sequential(nn.Linear(2, 2))


class Program(nn.Module):
    """Training program that keeps its model in an attribute."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


def compile_part(model: nn.Module) -> nn.Module:
    model.backbone = torch.compile(model.backbone)
    return model


WRAPPERS = dict(
    parallel=(nn.DataParallel, 'module.'),
    compiled=(torch.compile, '_orig_mod.'),
    averaged=(AveragedModel, 'module.'),
    program=(Program, 'model.'),
    compiled_parallel=(
        lambda model: torch.compile(nn.DataParallel(model)),
        '_orig_mod.module.',
    ),
    program_compiled=(
        lambda model: Program(torch.compile(model)),
        'model._orig_mod.',
    ),
    all_of_them=(
        lambda model: AveragedModel(
            Program(torch.compile(nn.DataParallel(model)))
        ),
        'module.model._orig_mod.module.',
    ),
)


@pytest.mark.parametrize('name', WRAPPERS)
def test_unwrap_names__real_wrappers(name):
    wrap, prefix = WRAPPERS[name]
    own = Net().state_dict()
    wrapped = wrap(Net()).state_dict()
    assert not own.keys() & wrapped.keys()
    named, removed = unwrap_names(wrapped, own.__contains__)
    assert named.keys() == own.keys()
    assert removed == {prefix: len(own)}


def test_unwrap_names__inside_a_name():
    own = Net().state_dict()
    wrapped = nn.DataParallel(compile_part(Net())).state_dict()
    assert 'module.backbone._orig_mod.weight' in wrapped
    named, removed = unwrap_names(wrapped, own.__contains__)
    assert named.keys() == own.keys()
    assert removed == {'module._orig_mod.': 2, 'module.': 2}


def test_unwrap_names__values_stay_with_their_names():
    model = Net()
    named, _ = unwrap_names(
        Program(model).state_dict(), model.state_dict().__contains__
    )
    for name, value in model.state_dict().items():
        assert torch.equal(named[name], value)


def test_unwrap_names__mixed():
    named, removed = unwrap_names(
        {'module.a.w': 1, '_orig_mod.b.w': 2, 'c.w': 3},
        {'a.w', 'b.w', 'c.w'}.__contains__,
    )
    assert named == {'a.w': 1, 'b.w': 2, 'c.w': 3}
    assert removed == {'module.': 1, '_orig_mod.': 1}


@pytest.mark.parametrize(
    'names',
    [
        ['model.0.weight', 'backbone.weight'],
        ['module.fc.weight'],  # as far as is known, of another model
        ['other.module.fc.weight', 'backbone.weight'],
        ['models.0.weight'],
    ],
)
def test_unwrap_names__real_parts_stay(names):
    known = Net().state_dict()
    named, removed = unwrap_names(dict.fromkeys(names), known.__contains__)
    assert list(named) == names
    assert removed == {}


def test_unwrap_names__the_fewest_parts_are_removed():
    known = {'model.fc', 'fc'}
    named, _ = unwrap_names({'model.model.fc': 1, 'fc': 2}, known.__contains__)
    assert named == {'model.fc': 1, 'fc': 2}


def test_unwrap_names__unknown_names_lose_the_prefix_of_the_others():
    named, removed = unwrap_names(
        {'module.fc': 1, 'module.task.mlm.bias': 2, 'criterion.weight': 3},
        {'fc'}.__contains__,
    )
    assert named == {'fc': 1, 'task.mlm.bias': 2, 'criterion.weight': 3}
    assert removed == {'module.': 1}


def test_unwrap_names__counters_of_averages_are_left_out():
    wrapped = AveragedModel(Net()).state_dict()
    assert 'n_averaged' in wrapped
    own = Net().state_dict()
    assert 'n_averaged' not in unwrap_names(wrapped, own.__contains__)[0]
    kept, _ = unwrap_names({'steps': 1}, own.__contains__)
    assert kept == {'steps': 1}  # nothing shows that it is a counter


def test_unwrap_names__two_of_one_name():
    with pytest.raises(
        WeightNamesError,
        match=r"'fc' and 'module.fc' are both 'fc' of the model\. Remove one",
    ):
        unwrap_names({'fc': 1, 'module.fc': 2}, {'fc'}.__contains__)
