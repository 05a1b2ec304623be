# Copyright (c) clipbert_mm contributors.
"""Logits, losses, answers and accuracies of QA equal the reference."""

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample

from clipbert_mm.evaluation import VideoQAMetric, VQAMetric
from clipbert_mm.models import (
    ConsensusAggregator,
    MultipleChoiceTask,
    OpenEndedQATask,
)
from tests.parity.helpers import (
    OutputRecorder,
    assert_close,
    make_batch,
    make_output,
)
from tests.toolbox import reference_data

CASES = {
    'qa_open': 'answer_labels',
    'vqa_bce': 'soft_labels',
    'mc5': 'answer_labels',
}
AGGREGATIONS = ['mean', 'max', 'lse']


def each_video(model, case: str) -> list[dict]:
    """Make one batch per video: their numbers of questions may differ."""
    counts = reference_data.load_json()['cases'][case]['n_examples_list']
    labels = {CASES[case]: reference_data.tensor(f'{case}/in_labels')}
    return [
        make_batch(model, case, video, **labels)
        for video in range(len(counts))
    ]


@pytest.mark.parametrize('case', CASES)
def test_forward__logits_and_pooled(load_reference_model, case):
    model = load_reference_model(case)
    with OutputRecorder(model, ['head.bert.pooler']) as out, torch.no_grad():
        logits = torch.cat(
            [
                model(batch['inputs'], mode='tensor').flatten(0, 2)
                for batch in each_video(model, case)
            ]
        )
    shape = reference_data.array(f'{case}/logits').shape
    assert_close(logits.view(shape), f'{case}/logits', 1e-5)
    assert_close(out['head.bert.pooler'], f'{case}/pooled_output', 1e-5)


@pytest.mark.parametrize('case', CASES)
def test_loss__of_each_video(load_reference_model, case):
    model = load_reference_model(case)
    counts = reference_data.load_json()['cases'][case]['n_examples_list']
    stored = reference_data.tensor(f'{case}/loss')
    if case == 'vqa_bce':
        stored = stored.sum(-1)  # over the answers
    for batch, losses in zip(
        each_video(model, case), stored.split(counts), strict=True
    ):
        with torch.no_grad():
            (loss,) = model(**batch, mode='loss').values()
        assert loss.item() == pytest.approx(losses.mean().item(), abs=1e-5)


def test_loss__of_the_batch(load_reference_model):
    model = load_reference_model('mc5')
    labels = reference_data.tensor('mc5/in_labels')
    batch = make_batch(model, 'mc5', answer_labels=labels)
    with torch.no_grad():
        loss = model(**batch, mode='loss')['loss_answer']
    expected = reference_data.array('mc5/loss').mean()
    assert loss.item() == pytest.approx(expected, abs=1e-5)
    # Videos with different numbers of questions cannot form a batch here, so
    # one sample holds all three.
    task = load_reference_model('vqa_bce').task
    logits = reference_data.tensor('vqa_bce/logits')[None]
    sample = ActionDataSample()
    sample.set_field(reference_data.array('vqa_bce/in_labels'), 'soft_labels')
    loss = task.loss(make_output(logits), [sample])['loss_answer']
    assert_close(loss, 'vqa_bce/train_scalar', 1e-5)


@pytest.mark.parametrize('case', CASES)
def test_predict__answers(load_reference_model, case):
    model = load_reference_model(case)
    labels, scores = [], []
    for batch in each_video(model, case):
        with torch.no_grad():
            (sample,) = model(**batch, mode='predict')
        labels += sample.pred_labels.tolist()
        scores.append(sample.answer_scores)
        if case != 'mc5':
            assert sample.pred_answers == [
                str(label) for label in sample.pred_labels.tolist()
            ]
    logits = torch.from_numpy(reference_data.array(f'{case}/logits'))
    assert labels == logits.argmax(-1).tolist()
    expected = logits.sigmoid() if case == 'vqa_bce' else logits.softmax(-1)
    torch.testing.assert_close(torch.cat(scores), expected, rtol=0, atol=1e-5)


def run_tasks(aggregation: str):
    """Yield each task and its inputs for 8 clips, 6 questions, 5 answers."""
    clips = reference_data.tensor('agg/qa5/logits')
    labels = reference_data.array('agg/qa5/labels')
    fuse = ConsensusAggregator(aggregation)
    # (C, M, K) -> (N = 1, M, C, K), with one text per question
    answers = fuse(clips.transpose(0, 1)[None])
    # -> (N = 1, M, C, K = 1), with one text per option of each question
    options = fuse(clips.flatten(1).T[None, ..., None])
    for task, logits in (
        (OpenEndedQATask(list('abcde')), answers),
        (MultipleChoiceTask(5), options),
    ):
        sample = ActionDataSample()
        sample.set_field(labels, 'answer_labels')
        yield task, make_output(logits), sample


@pytest.mark.parametrize('aggregation', AGGREGATIONS)
def test_consensus__loss_and_answers_of_both_tasks(aggregation):
    for task, output, sample in run_tasks(aggregation):
        assert_close(
            output.video_logits.reshape(6, 5),
            f'agg/qa5/pooled_logits_{aggregation}',
            1e-5,
        )
        loss = task.loss(output, [sample])['loss_answer']
        assert_close(loss, f'agg/qa5/train_loss_{aggregation}', 1e-5)
        task.predict(output, [sample])
        stored = reference_data.array(f'agg/qa5/pred_{aggregation}')
        assert sample.pred_labels.tolist() == stored.tolist()


def test_metric__accuracy_of_open_ended_questions():
    stored = reference_data.load_json()['qa_accuracy']
    vocabulary = ['a', 'b', 'c']
    metric = VideoQAMetric()
    for question_id, answer, answer_type, label in stored['data']:
        truth = vocabulary.index(answer) if answer in vocabulary else -1
        metric.process(
            None,
            [
                dict(
                    video_id='v',
                    question_ids=[question_id],
                    answer_types=[answer_type],
                    answer_labels=np.array([truth]),
                    pred_labels=torch.tensor([label]),
                    answer_scores=torch.eye(3)[[label]],
                )
            ],
        )
    metrics = metric.evaluate(len(stored['data']))
    assert metrics.pop('unanswerable') == 20
    expected = dict(stored['result'])
    # The reference gives 0 for a type that does not occur. Here it is absent.
    assert expected.pop('when_acc') == 0
    assert metrics == pytest.approx(percent(expected))


def test_metric__accuracy_of_vqa():
    stored = reference_data.load_json()['vqa_accuracy']
    vocabulary = ['yes', 'no', '2', '3', 'dog', 'cat']
    metric = VQAMetric()
    for question_id, targets, answer_type, answer in stored['data']:
        label = vocabulary.index(answer)
        metric.process(
            None,
            [
                dict(
                    video_id='v',
                    question_ids=[question_id],
                    answer_types=[answer_type],
                    soft_labels=np.array(
                        [[targets.get(a, 0.0) for a in vocabulary]]
                    ),
                    pred_labels=torch.tensor([label]),
                    pred_answers=[answer],
                    answer_scores=torch.eye(6)[[label]],
                )
            ],
        )
    metrics = metric.evaluate(len(stored['data']))
    assert metrics == pytest.approx(percent(stored['result']))


def percent(result: dict) -> dict[str, float]:
    """Return the accuracies of the reference under our names."""
    names = {
        name: 'acc' if name == 'overall_acc' else f'acc/{name[:-4]}'
        for name in result
        if name.endswith('_acc')
    }
    return {names[name]: 100 * result[name] for name in names}
