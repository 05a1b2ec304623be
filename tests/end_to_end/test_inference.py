# Copyright (c) clipbert_mm contributors.
"""Answers of the inferencer, against the runner's tests of the configs."""

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from safetensors.torch import save_file
from torch import nn

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.best_answers import best_answers
from clipbert_mm.media.errors import MediaError
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
# The runner pads texts and scores a video at a time, the inferencer does not.
TOLERANCE = 1e-5
OPTIONS = [f'a {colour} dog' for colour in ANSWERS]


class Outcome(NamedTuple):
    """A config, its checkpoint, what its test predicted, and its user."""

    cfg: Config
    checkpoint: str
    predictions: list[dict]
    inferencer: ClipBERTInferencer


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
        ClipBERTInferencer(cfg, checkpoint, device='cpu'),
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
        (names[i], pytest.approx(scores[i].item(), abs=TOLERANCE))
        for i in order
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
        found = run.inferencer.answer(prediction['filename'], question)
        assert found == in_order(list(ANSWERS), prediction['answer_scores'][0])
        assert found[0][0] == prediction['pred_answers'][0]
        assert (
            run.inferencer.answer(prediction['filename'], question, top_k=2)
            == found[:2]
        )
        different.add(str(found))
    assert len(different) > len(run.predictions) // 2


@pytest.mark.parametrize(
    'kind, field', [('choice', 'answer_scores'), ('caption', 'match_score')]
)
def test_answer__options_equal_the_test_of_the_runner(
    tested: Callable[[str], Outcome], kind: str, field: str
) -> None:
    run = tested(kind)
    for prediction in run.predictions:
        scores = prediction[field].flatten()
        assert scores.max() - scores.min() > 1e-4
        assert run.inferencer.answer(
            prediction['filename'], QUESTIONS[kind], OPTIONS
        ) == in_order(OPTIONS, scores)


def test_answer__caption_options_may_have_a_question(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('caption')
    with_question = run.inferencer.answer(video(corpus), 'a', ['dog', 'sand'])
    joined = run.inferencer.answer(video(corpus), ' ', ['a dog', 'a sand'])
    assert [s for _, s in with_question] == [s for _, s in joined]
    assert {name for name, _ in with_question} == {'dog', 'sand'}


def test_count__equals_the_test_of_the_runner(
    tested: Callable[[str], Outcome],
) -> None:
    run = tested('count')
    counts = [
        run.inferencer.count(prediction['filename'], QUESTIONS['count'])
        for prediction in run.predictions
    ]
    assert counts == [p['pred_counts'].item() for p in run.predictions]
    file = run.predictions[0]['filename']
    answers = best_answers(run.inferencer, file, QUESTIONS['count'])
    assert answers == [(str(counts[0]), None)]
    assert min(counts) > 1
    assert max(counts) < 10
    assert all(isinstance(count, int) for count in counts)


def test_inferencer__threads_keep_their_questions(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('open')
    questions = ['what dog runs', 'a dog', 'dog on sand', 'sand'] * 5
    one_by_one = [run.inferencer.answer(video(corpus), q) for q in questions]
    assert len({str(answers) for answers in one_by_one}) == 4
    with ThreadPoolExecutor(4) as threads:
        at_once = threads.map(
            lambda question: run.inferencer.answer(video(corpus), question),
            questions,
        )
        assert list(at_once) == one_by_one


def test_inferencer__exported_folder_and_safetensors(
    tested: Callable[[str], Outcome], corpus: Path, tmp_path: Path
) -> None:
    run = tested('open')
    expected = run.inferencer.answer(video(corpus), 'what dog')
    cfg = copy.deepcopy(run.cfg)
    export_model(cfg, run.checkpoint, tmp_path / 'model')
    exported = ClipBERTInferencer(str(tmp_path / 'model'), device='cpu')
    assert exported.answer(video(corpus), 'what dog') == expected
    weights = str(tmp_path / 'tiny.safetensors')
    save_file(torch.load(run.checkpoint)['state_dict'], weights)
    single = ClipBERTInferencer(run.cfg, weights, device='cpu')
    assert single.answer(video(corpus), 'what dog') == expected


def test_inferencer__files_come_from_the_disk(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('open')
    cfg = copy.deepcopy(run.cfg)
    cfg.test_dataloader.dataset.pipeline[0].update(
        io_backend='lmdb', db_path='no.lmdb'
    )
    answerer = ClipBERTInferencer(cfg, run.checkpoint, device='cpu')
    assert answerer.answer(video(corpus), 'a dog') == run.inferencer.answer(
        video(corpus), 'a dog'
    )


def test_inferencer__other_answers(tested: Callable[[str], Outcome]) -> None:
    run = tested('open')
    cfg = copy.deepcopy(run.cfg)
    cfg.model.task.vocabulary[1] = 'yellow'
    with pytest.raises(ValueError, match="'green'.*'yellow'"):
        ClipBERTInferencer(cfg, run.checkpoint)


@pytest.mark.parametrize(
    'kind, method, arguments, message',
    [
        (
            'open',
            'answer',
            ('a dog', OPTIONS),
            r'^answer\(\) with options cannot use a model of OpenEndedQATask. '
            r'Call answer\(\) without options.$',
        ),
        ('open', 'count', ('a dog',), r'Call answer\(\) without options'),
        ('count', 'answer', ('a dog',), r'CountTask. Call count\(\)'),
        ('caption', 'answer', ('a dog',), r'Call answer\(\) with options'),
        ('open', 'answer', (' ',), r"^questions\[0\] must not be .* is ' '"),
        ('open', 'answer', ('a dog', None, 0), 'top_k must be an integer >='),
        ('open', 'answer', ('кошка',), 'knows none of the 1 words'),
        ('open', 'score', ('a dog',), 'does not match texts with videos'),
        ('open', 'rank', (), 'does not match texts with videos'),
        ('count', 'count', ('',), r'questions\[0\] must not be empty'),
        ('choice', 'answer', ('', OPTIONS), r'questions\[0\] must not be'),
        (
            'choice',
            'answer',
            ('a', OPTIONS[:4]),
            r'There must be 5 options, but got 4:',
        ),
        ('choice', 'answer', ('a', [*OPTIONS[:4], ' ']), r'options\[4\]'),
        ('caption', 'answer', ('', ['a']), r"at least 2 options.*: \['a'\]"),
    ],
)
def test_inferencer__wrong_values(
    tested: Callable[[str], Outcome],
    corpus: Path,
    kind: str,
    method: str,
    arguments: tuple,
    message: str,
) -> None:
    inferencer = tested(kind).inferencer
    if method == 'rank':
        arguments = (video(corpus),)
        with pytest.raises(ValueError, match=message):
            inferencer.rank('a dog', *arguments)
        return
    with pytest.raises(ValueError, match=message):
        getattr(inferencer, method)(video(corpus), *arguments)


def check_close(found: Any, expected: Any) -> None:
    """Compare nested results, and scores but for the rounding of a batch."""
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            check_close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-6)
    else:
        assert found == expected


def test_inferencer__several_videos(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    run = tested('open')
    videos = [video(corpus, 'test0'), video(corpus, 'test1')]
    check_close(
        run.inferencer.answer(videos, 'a dog'),
        [run.inferencer.answer(file, 'a dog') for file in videos],
    )
    features = run.inferencer.features(videos[0])
    assert run.inferencer.answer(features, 'a dog') == (
        run.inferencer.answer(videos[0], 'a dog')
    )
    count = tested('count').inferencer
    assert count.count(videos, 'dog runs') == [
        count.count(file, 'dog runs') for file in videos
    ]


@pytest.mark.parametrize('kind', ['open', 'choice', 'caption', 'count'])
def test_inferencer__several_questions(
    tested: Callable[[str], Outcome], corpus: Path, kind: str
) -> None:
    inferencer = tested(kind).inferencer
    call = inferencer.count if kind == 'count' else inferencer.answer
    options = (OPTIONS,) if kind in ('choice', 'caption') else ()
    videos = [video(corpus, 'test0'), video(corpus, 'test1')]
    questions = ['what dog runs', 'a dog', 'dog on sand']
    one_by_one = [[call(v, q, *options) for q in questions] for v in videos]
    check_close(call(videos, iter(questions), *options), one_by_one)
    check_close(call(videos[1], questions, *options), one_by_one[1])
    check_close(
        call(videos, questions[0], *options),
        [answers[0] for answers in one_by_one],
    )


def test_answer__options_of_each_question(
    tested: Callable[[str], Outcome], corpus: Path
) -> None:
    answer = tested('caption').inferencer.answer
    files = [video(corpus, 'test0'), video(corpus, 'test1')]
    questions, options = ['a', ''], [['dog', 'sand'], OPTIONS]
    check_close(
        answer(files, questions, options),
        [
            [answer(file, q, o) for q, o in zip(questions, options)]
            for file in files
        ],
    )


def test_inferencer__missing_and_unreadable_files(
    tested: Callable[[str], Outcome], tmp_path: Path
) -> None:
    for kind, name in (('open', 'no.mp4'), ('soft', 'no.jpg')):
        inferencer = tested(kind).inferencer
        with pytest.raises(FileNotFoundError, match=name):
            inferencer.answer(name, 'a dog')
        path = tmp_path / name
        path.write_text('not a video')
        with pytest.raises(MediaError, match=f"{name}': it is a text file"):
            inferencer.answer(path, 'a dog')
