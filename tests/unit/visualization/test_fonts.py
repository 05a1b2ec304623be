# Copyright (c) clipbert_mm contributors.
"""Tests of texts in any script, against the font files themselves."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from clipbert_mm.visualization import fonts
from clipbert_mm.visualization.fonts import ScriptFont, find_font, split_runs

DEJAVU = Path(get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
JAPANESE = '赤い輪が動く'
UNASSIGNED = '\U0003fffd'  # no font may have it


@pytest.fixture(autouse=True)
def fresh() -> None:
    find_font.cache_clear()
    fonts._warn_once.cache_clear()


def pixels_of(text: str) -> np.ndarray:
    image = Image.new('L', (300, 40))
    ScriptFont(20).draw(ImageDraw.Draw(image), (5, 5), text, '#ffffff')
    return np.asarray(image)


def drawn_by(path: str | Path, text: str) -> np.ndarray:
    image = Image.new('L', (300, 40))
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(path), 20)
    pen.text((5, 5 + 19), text, '#ffffff', font, 'ls')
    return np.asarray(image)


@pytest.mark.parametrize(
    'text', ['a dog', 'собака', 'σκύλος', 'كلب أحمر', '☺']
)
def test_draw__one_font_draws_what_it_has(text: str) -> None:
    assert split_runs(text) == [(str(DEJAVU), text)]
    np.testing.assert_array_equal(pixels_of(text), drawn_by(DEJAVU, text))


def test_draw__japanese_by_the_extra() -> None:
    pytest.importorskip('notojp_matplotlib')
    (path,) = fonts._extra_files()
    assert split_runs(JAPANESE) == [(path, JAPANESE)]
    np.testing.assert_array_equal(
        pixels_of(JAPANESE), drawn_by(path, JAPANESE)
    )
    assert len({pixels_of(c).tobytes() for c in JAPANESE}) == len(JAPANESE)
    assert [part for _, part in split_runs(f'{JAPANESE}.mp4')] == [
        f'{JAPANESE}.mp4'
    ]


def test_draw__boxes_with_code_points_and_a_warning_at_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, '_extra_files', tuple)
    monkeypatch.setattr(fonts, '_system_files', tuple)
    with pytest.warns(
        UserWarning, match='No font has the characters U\\+8D64'
    ):
        first = pixels_of('赤')
    with pytest.warns(UserWarning, match='U\\+9752'):
        assert not np.array_equal(first, pixels_of('青'))
    assert ScriptFont(20).getlength('赤') == 20


def test_draw__an_unassigned_code_point_is_a_box() -> None:
    with pytest.warns(UserWarning, match=r'U\+3FFFD.*pip install'):
        assert pixels_of(UNASSIGNED).any()


def test_find_font__named_files_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serif = str(DEJAVU.with_name('DejaVuSerif.ttf'))
    monkeypatch.setenv('CLIPBERT_FONTS', serif)
    assert find_font('a') == serif
    find_font.cache_clear()
    monkeypatch.setenv('CLIPBERT_FONTS', '/nowhere.ttf')
    with pytest.raises(FileNotFoundError, match="names '/nowhere.ttf'"):
        find_font('a')


def test_split_runs__marks_stay_and_control_characters_are_spaces() -> None:
    assert split_runs('e\u0301\na\u200b') == [(str(DEJAVU), 'e\u0301 a\u200b')]
    assert split_runs('\ufe0f') in ([(str(DEJAVU), '\ufe0f')], [])
    assert split_runs('') == []


def test_characters__a_file_that_is_no_font_has_none(tmp_path: Path) -> None:
    (tmp_path / 'a.ttf').write_bytes(b'no font')
    assert fonts._characters(str(tmp_path / 'a.ttf')) == frozenset()
