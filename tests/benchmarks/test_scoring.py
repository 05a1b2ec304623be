# Copyright (c) clipbert_mm contributors.
"""Tests of the benchmark of scoring and of counting operations."""

import re

import pytest
import torch
from mmengine.config import Config
from torch.utils.flop_counter import FlopCounterMode

from clipbert_mm import config_file
from clipbert_mm.gallery.cost import clip_cost
from tools.benchmarks import flops as get_flops
from tools.benchmarks.matrix_products import products_alone, record_products
from tools.benchmarks.scoring import __main__ as benchmark_scoring
from tools.benchmarks.scoring import tables
from tools.benchmarks.scoring.case import (
    CAPTIONS,
    PARAGRAPHS,
    Case,
    Sizes,
    TextSizes,
    draw_bank,
)
from tools.benchmarks.scoring.reference_scoring import (
    ReferenceScorer,
    reference_flops,
)

SIZES = Sizes(
    texts=6,
    clips=3,
    frames=2,
    mini_batch=4,
    token_budget=150,
    device='cpu',
    autocast=None,
    tiny=True,
)


@pytest.fixture(scope='module')
def case() -> Case:
    return Case(SIZES)


def test_original_way__equals_the_plain_path(case: Case) -> None:
    bank = case.bank(CAPTIONS, 6)
    logits = ReferenceScorer(case.model, bank, 4).clip_logits(case.frames)
    with torch.no_grad():
        plain = case.model(
            dict(
                imgs=case.frames,
                **{key: value[None] for key, value in bank.items()},
            )
        )
    assert logits.std() > 1e-4
    torch.testing.assert_close(logits, plain, atol=1e-6, rtol=1e-5)


def test_original_way__operations_are_those_of_pytorch() -> None:
    case = Case(SIZES._replace(clips=1))
    bank = case.bank(CAPTIONS, 6)
    reference = ReferenceScorer(case.model, bank, mini_batch=4)
    with FlopCounterMode(display=False) as counter:
        reference.clip_logits(case.frames)
    clip = clip_cost(case.model, case.clip_shape)
    assert counter.get_total_flops() == reference_flops(
        case.model.head, 6, 20, clip.flops, clip.num_cells, 4
    )


def test_products__alone_are_all_of_the_scorer(case: Case) -> None:
    scoring = case.scoring(case.bank(CAPTIONS, 6))
    weights = [*case.model.parameters(), *case.model.buffers()]
    products = record_products(scoring, weights)
    with FlopCounterMode(display=False) as whole:
        scoring()
    alone = products_alone(products)
    with FlopCounterMode(display=False) as counter:
        alone()
    assert counter.get_total_flops() == whole.get_total_flops() > 0
    used = {id(arg) for product in products for arg in product.args}
    assert all(
        id(param) in used
        for name, param in case.model.named_parameters()
        if name.endswith('dense.weight')
    )


@pytest.mark.parametrize('texts, mean', [(CAPTIONS, 12), (PARAGRAPHS, 50)])
def test_bank__lengths_have_the_mean(texts: TextSizes, mean: int) -> None:
    lengths = draw_bank(texts, 200, 99)['attention_mask'].sum(-1).float()
    assert lengths.mean().item() == pytest.approx(mean, abs=0.1)
    assert lengths.max() <= texts.max_len
    assert lengths.std().item() == pytest.approx(texts.deviation, rel=0.1)


def test_benchmark__prints_its_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    benchmark_scoring.main(['--quick', '--threads', '1'])
    text = capsys.readouterr().out
    assert 'threads, torch' in text
    assert re.findall(r'^### (.*?)(?:;|$)', text, re.MULTILINE) == [
        'Pairs per second against the original way',
        'Our scorer against its own convolutions and matrix products alone',
        'Cost against pairs',
        'Processes with one thread each, pairs per second',
    ]
    assert (
        len(re.findall(r'^\| (?:captions|paragraphs)', text, re.MULTILINE))
        == 4
    )


def test_benchmark__refuses_sizes_and_logits_that_differ(
    capsys: pytest.CaptureFixture[str],
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SystemExit):
        benchmark_scoring.parse_args(['--texts', '2'])
    assert (
        '--texts must be an integer >= 8, but got 2.'
        in capsys.readouterr().err
    )
    monkeypatch.setattr(
        ReferenceScorer, 'clip_logits', lambda *_: torch.rand(1, 6, 3, 2)
    )
    with pytest.raises(RuntimeError, match='must be equal, but differ'):
        tables.compare(case, 'captions', CAPTIONS, 6, 1)


def test_get_flops__of_msrvtt_retrieval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    get_flops.print_costs(
        get_flops.parse_args(['clipbert_msrvtt_ret', '--tokens', '12'])
    )
    text = capsys.readouterr().out
    # 12 layers of 61 tokens but for the last; pooler and classifier.
    layer = 61 * (12 * 768**2 + 2 * 61 * 768)
    last = 2 * 61 * 768**2 + 2 * 61 * 768 + 10 * 768**2
    pair = 2 * (11 * layer + last + 3 * 768**2 + 2 * 1536)
    assert f'last layer | {pair / 1e9:.2f} ' in re.sub(' +', ' ', text)
    assert '16,000,000 passes' in text
    assert 'needs 1.33 times as many' in text


@pytest.mark.parametrize(
    'name, texts',
    [
        ('clipbert_msrvtt_qa', 1),
        ('clipbert_tgif_qa-action', 5),
        ('clipbert_coco-vg_pretrain', 1),
        ('clipbert_msrvtt_ret_slowonly', 1000),
    ],
)
def test_get_flops__of_every_kind_of_task(
    name: str, texts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    get_flops.print_costs(get_flops.parse_args([name, '--videos', '7']))
    text = capsys.readouterr().out
    assert re.search(rf'^7 videos x {texts:,} texts x ', text, re.MULTILINE)


def test_get_flops__pipeline_without_sizes() -> None:
    cfg = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    cfg.test_dataloader.dataset.pipeline = [dict(type='LoadVideo')]
    with pytest.raises(ValueError, match="'size'"):
        get_flops.read_sizes(cfg)
