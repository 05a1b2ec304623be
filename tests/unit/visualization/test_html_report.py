# Copyright (c) clipbert_mm contributors.
"""Tests of the HTML report: it is well formed and needs no other file."""

import base64
import io
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.visualization.html_report import (
    draw_svg_timeline,
    moment_image,
    save_html_report,
)
from tests.toolbox.media import write_gif, write_video

NAMES = (
    '<script>alert(1)<script>.mp4',
    'a" onerror="x\'&amp;.mp4',
    'line\nbreak\x1b{query}.mp4',
    os.fsdecode(b'caf\xe9.mp4'),
)
CLIPS = [(0.0, 1.0, 0.25), (1.0, 2.0, 0.75)]


def match_of(video: Path) -> dict:
    return dict(video=str(video), score=0.5, start=1.0, end=2.0, clips=CLIPS)


def parse(page: Path) -> ElementTree.Element:
    return ElementTree.fromstring(page.read_text('utf-8'))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Report of videos with hostile names, for a hostile query."""
    matches = [match_of(write_video(tmp_path / n, 20)) for n in NAMES]
    page = tmp_path / 'report.html'
    skipped = [('<i>.mp4', 'a <u>')]
    save_html_report(page, '<b>"{x}"', matches, skipped, '<em>{note}')
    return page


def test_report__is_well_formed_and_shows_names_as_text(page: Path) -> None:
    root = parse(page)
    text = ''.join(root.itertext())
    for shown in (
        *NAMES[:2],
        'line\\nbreak\\x1b{query}.mp4',
        'caf\\udce9.mp4',
        '<b>"{x}"',
        '<i>.mp4: a <u>',
        '<em>{note}',
    ):
        assert shown in text
    tags = {element.tag.rpartition('}')[2] for element in root.iter()}
    assert not tags & {
        'script',
        'b',
        'i',
        'u',
        'em',
        'link',
        'iframe',
        'object',
    }
    attributes = {name for e in root.iter() for name in e.attrib}
    assert not any(name.startswith('on') for name in attributes)


def test_report__needs_no_other_file(page: Path) -> None:
    root = parse(page)
    places = [
        value
        for element in root.iter()
        for name, value in element.attrib.items()
        if name in ('src', 'href', 'srcset', 'poster', 'data', 'action')
    ]
    assert len(places) == len(NAMES)
    assert all(place.startswith('data:image/webp;base64,') for place in places)
    assert not re.search(r'url\(|@import', page.read_text())
    assert "default-src 'none'" in page.read_text()


def test_report__images_are_the_moments(page: Path) -> None:
    image = next(e for e in parse(page).iter() if e.tag == 'img')
    content = base64.b64decode(image.attrib['src'].partition(',')[2])
    with Image.open(io.BytesIO(content)) as moment:
        assert moment.format == 'WEBP'
        levels = []
        for frame in range(moment.n_frames):
            moment.seek(frame)
            levels.append(float(np.mean(moment.convert('L'))))
    # frames 10 to 19 of write_video have the brightness 65 to 119
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(65, abs=4)
    assert levels[-1] == pytest.approx(119, abs=4)


def test_moment_image__gif_and_image(tmp_path: Path) -> None:
    gif = write_gif(tmp_path / 'a.gif')
    Image.new('RGB', (400, 10)).save(tmp_path / 'a.png')
    for video, end in ((gif, 1.0), (tmp_path / 'a.png', 0.0)):
        content = moment_image(str(video), 0.0, end)
        with Image.open(io.BytesIO(content)) as image:
            assert max(image.size) <= 256


def test_moment_image__image_with_the_name_of_a_video(tmp_path: Path) -> None:
    video = tmp_path / 'a.mp4'
    Image.new('RGB', (40, 30), 'red').save(video, 'PNG')
    with Image.open(io.BytesIO(moment_image(str(video), 0.0, 1.0))) as image:
        assert image.convert('RGB').getpixel((20, 15))[0] > 240


def test_draw_svg_timeline__bars_are_clips() -> None:
    root = ElementTree.fromstring(draw_svg_timeline(CLIPS))
    bars = [e.attrib for e in root.iter() if e.tag.endswith('rect')]
    assert [float(bar['x']) for bar in bars] == [0.0, 300.0]
    assert [float(bar['height']) for bar in bars] == [15.0, 45.0]
    assert [bar['fill'] for bar in bars] == ['#9db4cc', '#1a8a3c']
    assert draw_svg_timeline([]).count('<rect') == 0
