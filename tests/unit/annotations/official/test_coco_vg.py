# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of COCO captions and Visual Genome regions."""

import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.captions import read_captions
from tests.toolbox.converting import lines, load_converter, write

coco_vg = load_converter('coco_vg')


def coco(*captions: tuple[int, str]) -> dict:
    return dict(
        images=[
            dict(id=image, file_name=f'COCO_train2014_{image:012d}.jpg')
            for image in dict(captions)
        ],
        annotations=[
            dict(image_id=image, id=i, caption=caption)
            for i, (image, caption) in enumerate(captions)
        ],
    )


def regions(image: int, *phrases: str) -> dict:
    return dict(
        id=image,
        regions=[
            dict(region_id=i, image_id=image, phrase=phrase, x=0)
            for i, phrase in enumerate(phrases)
        ],
    )


TRAIN = coco((9, 'A bowl.'), (25, 'A giraffe. '), (9, 'Food\n'))
VAL = coco((42, 'A shoe'), (73, 'A motorcycle'), (74, 'A dog'))
# Of COCO's training, not COCO's (also 6 and 7), COCO's validation (twice),
# COCO's test.
REGIONS = [
    regions(1, 'the clock', ' ', 'the clock'),
    regions(2, 'a tree'),
    regions(3, 'a shoe'),
    regions(4, 'a wheel'),
    regions(5, 'a car', 'a bus'),
    regions(6),
    regions(7, 'a lamp'),
]
IMAGES = [
    dict(image_id=image, width=800, coco_id=coco_id)
    for image, coco_id in [
        (1, 25),
        (2, None),
        (3, 42),
        (4, 73),
        (5, 1000),
        (6, -1),
        (7, -1),
    ]
]


def options(
    folder: Path,
    *more: str,
    train=TRAIN,
    val=VAL,
    region=REGIONS,
    images=IMAGES,
) -> list[str]:
    return [
        'captions',
        '--coco-train',
        write(folder / 'captions_train2014.json', train),
        '--coco-val',
        write(folder / 'captions_val2014.json', val),
        '--regions',
        write(folder / 'region_descriptions.json', region),
        '--image-data',
        write(folder / 'image_data.json', images),
        '--out',
        str(folder / 'out'),
        *more,
    ]


def test_captions__both_sources_in_one_file(tmp_path, capsys) -> None:
    assert coco_vg.main(options(tmp_path)) == 0
    out = tmp_path / 'out'
    assert lines(out / 'train.jsonl') == [
        dict(coco_id=9, caption='A bowl.'),
        dict(coco_id=25, caption='A giraffe. '),
        dict(coco_id=9, caption='Food\n'),
        dict(vg_id=1, caption='the clock'),
        dict(vg_id=1, caption='the clock'),
        dict(vg_id=2, caption='a tree'),
        dict(vg_id=7, caption='a lamp'),
    ]
    assert [c[:3] for c in read_captions(str(out / 'train.jsonl'))][3:] == [
        ('the clock', 'vg/1', 3),
        ('the clock', 'vg/1', 4),
        ('a tree', 'vg/2', 5),
        ('a lamp', 'vg/7', 6),
    ]
    assert [c.media for c in read_captions(str(out / 'val.jsonl'))] == [
        'coco/42',
        'coco/73',
        'coco/74',
        'vg/3',
        'vg/4',
    ]
    report = capsys.readouterr().out
    assert 'train      5      7         1        3\n' in report
    assert 'dropped from train: 2 regions of images of neither part' in report
    assert 'dropped from train: 1 empty captions' in report
    assert (
        '2 are in the validation part of COCO, so not in train, and 1 in '
        'neither part of COCO, so in no file'
    ) in report
    assert 'image_data.json (7 images)' in report
    assert 'region_descriptions.json (9 regions)' in report


def test_captions__some_images_for_validation(tmp_path, capsys) -> None:
    drawn = set()
    for seed in range(8):
        assert (
            coco_vg.main(
                options(
                    tmp_path,
                    '--val-images',
                    '1',
                    '--seed',
                    str(seed),
                    '--overwrite',
                )
            )
            == 0
        )
        assert len(lines(tmp_path / 'out/train.jsonl')) == 7
        first, second = lines(tmp_path / 'out/val.jsonl')
        drawn.add(first['coco_id'])
        drawn.add(second['vg_id'])
    assert drawn == {42, 73, 74, 3, 4}
    assert 'dropped from val: 3 captions of images that are not among' in (
        capsys.readouterr().out
    )
    assert (
        coco_vg.main(options(tmp_path, '--val-images', '0', '--overwrite'))
        == 0
    )
    assert len(lines(tmp_path / 'out/val.jsonl')) == 5


@pytest.mark.parametrize('number', ['-1', '1.5', '9' * 5000])
def test_captions__numbers_that_are_none(number, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        coco_vg.main(options(tmp_path, f'--val-images={number}'))
    assert re.search(
        '--val-images: expected an integer >= 0, but got',
        capsys.readouterr().err,
    )


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(images=IMAGES[:4]),
            'region_descriptions.json: the image 5 is not in '
            '.*image_data.json',
        ),
        (
            dict(images=[dict(image_id=1)]),
            r'record\[0\]: "coco_id" is missing',
        ),
        (
            dict(images=[dict(image_id=1, coco_id='25')]),
            '"coco_id" must be an integer >= 1, but got \'25\'',
        ),
        (
            dict(images=[*IMAGES, dict(image_id=1, coco_id=25)]),
            r'record\[7\]: the image 1 already occurs above. Remove one',
        ),
        (
            dict(images=[dict(image_id=1, coco_id=-2)]),
            '"coco_id" must be an integer >= 1, but got -2',
        ),
        (dict(region=[dict(id=1)]), r'record\[0\]: "regions" is missing'),
        (
            dict(region=[dict(regions=[dict(image_id=1)])]),
            r'record\[0\]: regions\[0\]: "phrase" is missing',
        ),
        (
            dict(
                train=dict(TRAIN, annotations=[dict(image_id=3, caption='a')])
            ),
            r'annotations\[0\]: the image 3 is not in "images"',
        ),
        (
            dict(val=coco((9, 'A bowl.'))),
            '1 videos or images are in train and val: 9',
        ),
    ],
)
def test_captions__bad_files(changes, message, tmp_path, capsys) -> None:
    assert coco_vg.main(options(tmp_path, **changes)) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def link_options(folder: Path) -> list[str]:
    for name in (
        'train2014/COCO_train2014_000000000009',
        'val2014/COCO_val2014_000000000042',
        'VG_100K/1',
        'VG_100K_2/2',
    ):
        path = folder / f'{name}.jpg'
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return [
        'link-images',
        '--coco',
        str(folder / 'train2014'),
        str(folder / 'val2014'),
        '--vg',
        str(folder / 'VG_100K'),
        str(folder / 'VG_100K_2'),
        '--out',
        str(folder / 'images'),
    ]


def test_link_images__names_are_those_of_the_data_set(
    tmp_path, capsys
) -> None:
    arguments = link_options(tmp_path)
    for _ in range(2):  # it can be run again
        assert coco_vg.main(arguments) == 0
    images = tmp_path / 'images'
    assert {
        str(path.relative_to(images)): path.read_text()
        for path in images.glob('*/*')
    } == {
        'coco/9.jpg': 'train2014/COCO_train2014_000000000009',
        'coco/42.jpg': 'val2014/COCO_val2014_000000000042',
        'vg/1.jpg': 'VG_100K/1',
        'vg/2.jpg': 'VG_100K_2/2',
    }
    assert 'vg: 2 images' in capsys.readouterr().out


@pytest.mark.parametrize(
    'file, message',
    [
        ('images/vg/1.jpg', 'images/vg/1.jpg already exists and is not'),
        ('VG_100K/a_x1.jpg', 'a_x1.jpg: expected a name that ends in the id'),
    ],
)
def test_link_images__other_files(file, message, tmp_path, capsys) -> None:
    arguments = link_options(tmp_path)
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('mine')
    assert coco_vg.main(arguments) == 1
    assert message in capsys.readouterr().err
    assert path.read_text() == 'mine'


def test_link_images__empty_folder(tmp_path, capsys) -> None:
    arguments = link_options(tmp_path)
    (tmp_path / 'VG_100K_2/2.jpg').unlink()
    assert coco_vg.main(arguments) == 1
    assert re.search("no .jpg files in '.*VG_100K_2'", capsys.readouterr().err)
