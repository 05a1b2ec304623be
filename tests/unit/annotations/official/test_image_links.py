# Copyright (c) clipbert_mm contributors.
"""Tests of the links that give images their names."""

from pathlib import Path

import pytest

from clipbert_mm.annotations.official.image_links import link_images


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two folders of COCO and one of Visual Genome."""
    for name in (
        'train2014/COCO_train2014_000000000009.jpg',
        'val2014/COCO_val2014_000000000042.jpg',
        'vg/2377777.jpg',
    ):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(name)
    (tmp_path / 'vg' / 'notes.txt').touch()
    return tmp_path


def folders(images: Path) -> dict[str, list[str]]:
    return dict(
        coco=[str(images / 'train2014'), str(images / 'val2014')],
        vg=[str(images / 'vg')],
    )


def links(out: Path) -> dict[str, str]:
    """Return what each link leads to, by its path."""
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in out.rglob('*.jpg')
        if path.is_symlink()
    }


EXPECTED = {
    'coco/9.jpg': 'train2014/COCO_train2014_000000000009.jpg',
    'coco/42.jpg': 'val2014/COCO_val2014_000000000042.jpg',
    'vg/2377777.jpg': 'vg/2377777.jpg',
}


def test_link_images__names_are_numbers(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = folders(images), images / 'out'
    assert link_images(given, str(out)) == 0
    assert links(out) == EXPECTED
    assert capsys.readouterr().out == (
        f'coco: 2 images from {given["coco"]}\n'
        f'vg: 1 images from {given["vg"]}\n'
    )


def test_link_images__from_any_working_folder(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(images)
    assert link_images(dict(vg=['vg']), 'out') == 0
    monkeypatch.chdir('/')
    assert links(images / 'out') == {'vg/2377777.jpg': 'vg/2377777.jpg'}


def test_link_images__again_keeps_them_and_adds_new_ones(
    images: Path,
) -> None:
    out = images / 'out'
    link_images(dict(coco=folders(images)['coco'][:1]), str(out))
    before = (out / 'coco' / '9.jpg').lstat().st_mtime_ns
    assert link_images(folders(images), str(out)) == 0
    assert (out / 'coco' / '9.jpg').lstat().st_mtime_ns == before
    assert links(out) == EXPECTED


@pytest.mark.parametrize('kind', ['file', 'link', 'broken link'])
def test_link_images__replaces_nothing(
    images: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    link = images / 'out' / 'vg' / '2377777.jpg'
    link.parent.mkdir(parents=True)
    other = images / 'other.jpg'
    if kind == 'file':
        link.write_text('mine')
    else:
        link.symlink_to(other)
    if kind == 'link':
        other.touch()
    assert link_images(dict(vg=[str(images / 'vg')]), str(images / 'out')) == 1
    assert capsys.readouterr().err == (
        f'{link} already exists and is not {images / "vg" / "2377777.jpg"}. '
        'Remove it to create the link.\n'
    )
    assert link.is_symlink() == (kind != 'file')


@pytest.mark.parametrize(
    'name', ['cover.jpg', 'COCO_train2014_.jpg', '-9.jpg']
)
def test_link_images__names_without_a_number(
    images: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = images / 'vg' / name
    path.touch()
    assert link_images(dict(vg=[str(images / 'vg')]), str(images / 'out')) == 1
    assert capsys.readouterr().err == (
        f'{path}: expected a name that ends in the id, such as 9.jpg or '
        'COCO_train2014_000000000009.jpg. Rename or remove it.\n'
    )
    assert not (images / 'out').exists()


def test_link_images__folder_without_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert link_images(dict(vg=[str(tmp_path)]), str(tmp_path / 'out')) == 1
    assert capsys.readouterr().err == (
        f'There are no .jpg files in {str(tmp_path)!r}. Check the folder.\n'
    )
