# Copyright (c) clipbert_mm contributors.
"""Tests of the dataset authors' files given as annotation files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.annotations.captions import read_captions
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.questions import ANSWER_FORMATS, read_questions

QUESTION = dict(question='who ?', answer='man')
SENTENCE = dict(caption='a man', video_id='video0', sen_id=0)
CAPTION = dict(image_id=9, id=1, caption='a bowl')
FOREIGN = [
    (
        dict(
            info={},
            videos=[dict(video_id='video0', split='train')],
            sentences=[SENTENCE],
        ),
        'the captions of MSR-VTT as published. Run tools/data/msrvtt/',
    ),
    (
        dict(info={}, images=[dict(id=9)], licenses=[], annotations=[CAPTION]),
        'captions of COCO as published. Run tools/data/coco_vg/',
    ),
    (
        dict(images=[dict(filename='a.jpg')], dataset='flickr30k'),
        "captions in Karpathy's splits as published. Run tools/data/image_re",
    ),
    (
        dict(data_subtype='train2014', questions=[dict(question='who ?')]),
        'questions of VQA 2.0 as published. Run tools/data/vqa/',
    ),
    (
        dict(data_subtype='train2014', annotations=[dict(question_id=1)]),
        'answers of VQA 2.0 as published. Run tools/data/vqa/',
    ),
    (
        dict(v_a=dict(duration=9, timestamps=[[0, 1]], sentences=['a'])),
        'ActivityNet Captions as published. Run tools/data/activitynet/',
    ),
    (
        [dict(description='a man', video='a.mov', times=[[0, 0]])],
        'descriptions of DiDeMo as published. Run tools/data/didemo/',
    ),
    (
        [dict(QUESTION, id=0, video_id=0, category_id=1)],
        'questions of MSRVTT-QA as published. Run tools/data/msrvtt/',
    ),
    (
        [dict(video='video0', caption=list('abcde'), answer=0)],
        'questions of MSRVTT-MC as published. Run tools/data/msrvtt/',
    ),
    (
        [dict(id=1, regions=[dict(phrase='a')])],
        'regions of Visual Genome as published. Run tools/data/coco_vg/',
    ),
    (
        [dict(image_id=1, url='https://', coco_id=None)],
        'images of Visual Genome as published. Run tools/data/coco_vg/',
    ),
    (
        'gif_name\tquestion\tanswer\tvid_id\tkey\na\thow ?\t2\tCOUNT1\t1\n',
        'questions of TGIF-QA as published. Run tools/data/tgif_qa/',
    ),
    (
        'key,vid_key,video_id,sentence\nret0,msr0,video0,a man\n',
        'a list of MSR-VTT as published. Run tools/data/msrvtt/',
    ),
    (
        [dict(QUESTION, video='a')],
        'a JSON list of questions. Run the converter of its dataset, tools/',
    ),
    *(
        (
            content,
            f'one object with the splits {sorted(content)}. Run the '
            'converter of its dataset, tools/data/<set>/',
        )
        for content in (
            dict(train=[QUESTION]),
            dict(train=[SENTENCE], val=[]),
            dict(train=dict(video0=['a man'])),
            dict(train=['a man'], test=['a dog']),
            dict(Training=['a man'], Dev=['a dog']),
        )
    ),
    *(
        (content, f"one object with records in ['{key}']. Run the converter")
        for key, content in (
            ('data', dict(version=1, data=[SENTENCE])),
            ('annotations', dict(annotations=[CAPTION])),
        )
    ),
]


@pytest.mark.parametrize('suffix', ['.json', '.jsonl'])
@pytest.mark.parametrize('indent', [None, 1])
@pytest.mark.parametrize('content, kind', FOREIGN)
def test_authors_files__name_their_converter(
    content: Any, kind: str, indent: int | None, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f'a{suffix}'
    if not isinstance(content, str):
        content = json.dumps(content, indent=indent)
    path.write_text(content)
    message = re.escape(
        f'{path}:1: expected an annotation file of this package, but got '
        f'{kind}'
    )
    with pytest.raises(AnnotationError, match=f'^{message}.*convert.py'):
        read_captions(str(path))
    for answer_format in ANSWER_FORMATS:
        with pytest.raises(AnnotationError, match=f'^{message}.*convert.py'):
            read_questions(str(path), answer_format)


@pytest.mark.parametrize(
    'content', ['', '[', '{}', '[]', '[1]', '{"video0.mp4": 3}', 'a,b\nc,d\n']
)
def test_unknown_files__keep_their_message(
    content: str, tmp_path: Path
) -> None:
    path = tmp_path / 'a.json'
    path.write_text(content)
    for read in (read_captions, lambda path: read_questions(path, 'open')):
        with pytest.raises(AnnotationError, match=r'a.json:\d') as info:
            read(str(path))
        assert 'convert.py' not in str(info.value)


def test_videos_with_names_of_splits(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_text('{"train": ["a train"], "v": ["a dog"]}')
    assert [c.media for c in read_captions(str(path))] == ['train', 'v']
    path = tmp_path / 'a.jsonl'
    path.write_text('{"clip_name": "train", "caption": "a train"}')
    assert [c.media for c in read_captions(str(path))] == ['train']
