# Copyright (c) clipbert_mm contributors.
"""Tests of the answerer, against the runner's tests of the same configs."""

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from safetensors.torch import save_file
from torch import nn

from clipbert_mm.apis import VideoAnswerer, VideoSearcher
from clipbert_mm.models import CountTask
from clipbert_mm.weights.exported_model import export_model
from tests.toolbox.shrink import ANSWERS, make_corpus, shrink

pytestmark = pytest.mark.slow

CONFIGS = {
    'open': 'clipbert_msrvtt_qa',
    'soft': 'clipbert_vqa',
    'choice': 'clipbert_tgif_qa-action',
    'caption': 'clipbert_msrvtt_mc',
    'count': 'clipbert_tgif_qa-count',
}
QUESTIONS = dict(
    open='what dog runs', choice='a dog', caption='', count='dog runs'
)
OPTIONS = [f'a {colour} dog' for colour in ANSWERS]


class Outcome(NamedTuple):
    """A config, its checkpoint, what its test predicted, and its user."""

    cfg: Config
    checkpoint: str
    predictions: list[dict]
    answerer: VideoAnswerer


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('corpus'))


@pytest.fixture(scope='module')
def tested(
    corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Outcome]:
    """Run the test of a config, once."""
    done: dict[str, Outcome] = {}

    def test(kind: str) -> Outcome:
        if kind not in done:
            done[kind] = run_test(kind, corpus, tmp_path_factory.mktemp(kind))
        return done[kind]

    return test


def run_test(kind: str, corpus: Path, folder: Path) -> Outcome:
    cfg = shrink(CONFIGS[kind], corpus, work_dir=str(folder))
    init_default_scope('mmaction')
    checkpoint = str(folder / 'tiny.pth')
    model = vivid(MODELS.build(cfg.model))
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    cfg.load_from = checkpoint
    dumped = str(folder / 'predictions.pkl')
    cfg.test_evaluator = [
        cfg.test_evaluator,
        dict(type='DumpResults', out_file_path=dumped),
    ]
    Runner.from_cfg(cfg).test()
    predictions = pickle.loads(Path(dumped).read_bytes())
    return Outcome(
        cfg,
        checkpoint,
        predictions,
        VideoAnswerer(cfg, checkpoint, device='cpu'),
    )


def vivid(model: nn.Module) -> nn.Module:
    """Make the predictions of a model differ from file to file."""
    torch.manual_seed(1)
    for param in model.parameters():
        if param.ndim > 1:
            nn.init.xavier_normal_(param, gain=2.0)
    if isinstance(model.task, CountTask):
        nn.init.constant_(model.head.classifier[2].bias, 5.0)
    return model


def video(corpus: Path, name: str = 'test0') -> str:
    return str(corpus / 'videos' / f'{name}.mp4')


def in_order(names: list[str], scores: torch.Tensor) -> list[tuple]:
    order = scores.argsort(descending=True).tolist()
    return [
        (names[i], pytest.approx(scores[i].item(), abs=1e-6)) for i in order
    ]


@pytest.mark.parametrize('kind', ['open', 'soft'])
def test_answer__equals_the_test_of_the_runner(
    tested: Callable[[str], Outcome], kind: str
) -> None:
    run = tested(kind)
    assert len(run.predictions) == (14 if kind == 'soft' else 7)
    different = set()
    for i, prediction in enumerate(run.predictions):
        question = QUESTIONS.get(kind, ('a dog', 'dog on sand')[i % 2])
        found = run.answerer.answer(prediction['filename'], question)
        assert found == in_order(list(ANSWERS), prediction['answer_scores'][0])
        assert found[0][0] == prediction['pred_answers'][0]
        assert (
            run.answerer.answer(prediction['filename'], question, top=2)
            == found[:2]
        )
        different.add(str(found))
    assert len(different) > len(run.predictions) // 2


@pytest.mark.parametrize(
    'kind, field', [('choice', 'answer_scores'), ('caption', 'match_score')]
)
def test_choose__equals_the_test_of_the_runner(
    tested: Callable[[str], Outcome], kind: str, field: str
) -> None:
    run = tested(kind)
    for prediction in run.predictions:
        scores = prediction[field].flatten()
        assert scores.max() - scores.min() > 1e-4
        assert run.answerer.choose(
            prediction['filename'], QUESTIONS[kind], OPTIONS
        ) == in_order(OPTIONS, scores)


def test_choose__captions_may_have_a_question(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('caption')
    with_question = run.answerer.choose(video(corpus), 'a', ['dog', 'sand'])
    joined = run.answerer.choose(video(corpus), ' ', ['a dog', 'a sand'])
    assert [s for _, s in with_question] == [s for _, s in joined]
    assert {name for name, _ in with_question} == {'dog', 'sand'}


def test_count__equals_the_test_of_the_runner(
    tested: Callable[[str], Outcome],
) -> None:
    run = tested('count')
    counts = [
        run.answerer.count(prediction['filename'], QUESTIONS['count'])
        for prediction in run.predictions
    ]
    assert counts == [p['pred_counts'].item() for p in run.predictions]
    assert min(counts) > 1
    assert max(counts) < 10
    assert all(isinstance(count, int) for count in counts)


def test_answerer__threads_keep_their_questions(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('open')
    questions = ['what dog runs', 'a dog', 'dog on sand', 'what'] * 5
    one_by_one = [run.answerer.answer(video(corpus), q) for q in questions]
    assert len({str(answers) for answers in one_by_one}) == 4
    with ThreadPoolExecutor(4) as threads:
        at_once = threads.map(
            lambda question: run.answerer.answer(video(corpus), question),
            questions,
        )
        assert list(at_once) == one_by_one


def test_answerer__exported_folder_and_safetensors(
    tested: Callable[[str], Outcome], corpus: Path, tmp_path: Path
) -> None:
    run = tested('open')
    expected = run.answerer.answer(video(corpus), 'what dog')
    cfg = copy.deepcopy(run.cfg)
    export_model(cfg, run.checkpoint, tmp_path / 'model')
    exported = VideoAnswerer(str(tmp_path / 'model'), device='cpu')
    assert exported.answer(video(corpus), 'what dog') == expected
    weights = str(tmp_path / 'tiny.safetensors')
    save_file(torch.load(run.checkpoint)['state_dict'], weights)
    single = VideoAnswerer(run.cfg, weights, device='cpu')
    assert single.answer(video(corpus), 'what dog') == expected


def test_answerer__files_come_from_the_disk(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('open')
    cfg = copy.deepcopy(run.cfg)
    cfg.test_dataloader.dataset.pipeline[0].update(
        io_backend='lmdb', db_path='no.lmdb'
    )
    answerer = VideoAnswerer(cfg, run.checkpoint, device='cpu')
    assert answerer.answer(video(corpus), 'a dog') == run.answerer.answer(
        video(corpus), 'a dog'
    )


def test_answerer__other_answers(tested: Callable[[str], Outcome]) -> None:
    run = tested('open')
    cfg = copy.deepcopy(run.cfg)
    cfg.model.task.vocabulary[1] = 'yellow'
    with pytest.raises(ValueError, match="'green'.*'yellow'"):
        VideoAnswerer(cfg, run.checkpoint)


def test_answerer__retrieval_config(
    corpus: Path, tested: Callable[[str], Outcome]
) -> None:
    cfg = shrink('clipbert_msrvtt_ret', corpus)
    with pytest.raises(ValueError, match="'VideoTextRetrieval' has none"):
        VideoAnswerer(cfg, tested('caption').checkpoint)


@pytest.mark.parametrize('api', [VideoAnswerer, VideoSearcher])
def test_apis__no_checkpoint_and_no_folder(api: type) -> None:
    with pytest.raises(ValueError, match="export.*got 'no_folder'"):
        api('no_folder')
    with pytest.raises(FileNotFoundError, match="checkpoint 'no.pth'"):
        api('clipbert_msrvtt_qa', 'no.pth')


@pytest.mark.parametrize(
    'kind, method, arguments, message',
    [
        (
            'open',
            'choose',
            ('a dog', OPTIONS),
            r'choose\(\) cannot.*OpenEndedQATask. Call answer\(\)',
        ),
        ('open', 'count', ('a dog',), r'Call answer\(\)'),
        ('count', 'answer', ('a dog',), r'CountTask. Call count\(\)'),
        ('caption', 'answer', ('a dog',), r'Call choose\(\)'),
        ('open', 'answer', (' ',), "empty, but got ' '"),
        (
            'open',
            'answer',
            ('a dog', 0),
            'top must be an integer >= 1, but got 0',
        ),
        ('count', 'count', ('',), "empty, but got ''"),
        ('choice', 'choose', ('', OPTIONS), "empty, but got ''"),
        ('choice', 'choose', ('a', OPTIONS[:4]), r'must be 5 options.*got 4:'),
        ('choice', 'choose', ('a', [*OPTIONS[:4], ' ']), r'those at \[4\]'),
        ('choice', 'choose', ('a', 'red dog'), "the string 'red dog'"),
        (
            'caption',
            'choose',
            ('', ['a']),
            r"at least 2 options.*got 1: \['a'\]",
        ),
    ],
)
def test_answerer__wrong_input(
    tested: Callable[[str], Outcome],
    corpus: Path,
    kind: str,
    method: str,
    arguments: tuple,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(tested(kind).answerer, method)(video(corpus), *arguments)


def test_answerer__missing_and_unreadable_files(
    tested: Callable[[str], Outcome], tmp_path: Path
) -> None:
    for kind, name in (('open', 'no.mp4'), ('soft', 'no.jpg')):
        answerer = tested(kind).answerer
        with pytest.raises(FileNotFoundError, match=name):
            answerer.answer(name, 'a dog')
        path = tmp_path / name
        path.write_text('not a video')
        with pytest.raises(RuntimeError, match=f'{name}.*cannot be read'):
            answerer.answer(str(path), 'a dog')
