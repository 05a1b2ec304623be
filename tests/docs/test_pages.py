# Copyright (c) clipbert_mm contributors.
"""The manual: blocks run, links lead somewhere, the README is short."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown_pages import (
    RUN,
    SHOWN,
    find_pages,
    make_desk,
    parse_page,
    run_page,
)
from tests.toolbox.paths import ROOT

PAGES = find_pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCE = re.compile(r'^ *```(\w*)', re.MULTILINE)
# A path of the checkout, up to a wildcard.
PATH = re.compile(
    r'(?<![\w/.-])(?:clipbert_mm|configs|docs|tests|tools)/[\w./-]*[*<{]?'
)
LINK = re.compile(r'\]\(([^)\s]+)\)')


def headings(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    titles = re.findall(r'^#+ (.*)$', page.read_text(), re.MULTILINE)
    kept = [re.sub(r'[^\w\- ]', '', title.lower()) for title in titles]
    return {title.replace(' ', '-') for title in kept}


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_desk(tmp_path))
    run_page(page)


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_blocks_are_run_shown_or_marked(page: Path) -> None:
    languages = FENCE.findall(page.read_text())[::2]
    assert set(languages) <= {*RUN, *SHOWN, ''}
    for example in parse_page(page).examples():
        if isinstance(example.parsed, tuple):
            action, reason = example.parsed
            assert action == 'next'
            assert re.fullmatch('".+"', reason or '')


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith('http'):
            continue
        path, _, anchor = link.partition('#')
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in headings(target), link


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_paths_exist(page: Path) -> None:
    for match in PATH.findall(page.read_text()):
        path = match.rstrip('.')
        if path[-1] in '*<{':
            path = path.rpartition('/')[0]
        found = [
            ROOT / path,
            *(ROOT / path).parent.glob(f'{Path(path).name}.py'),
        ]
        assert any(place.exists() for place in found), path


def test_readme_is_read_in_two_minutes() -> None:
    text = (ROOT / 'README.md').read_text()
    assert len(text.split()) <= 1200
    assert len(text.splitlines()) <= 170


def test_readme_leads_to_every_page() -> None:
    linked = set(LINK.findall((ROOT / 'README.md').read_text()))
    pages = {
        name
        for name in NAMES
        if name.startswith('docs/') and not name.startswith('docs/data/')
    }
    assert pages - linked == set()


def test_run_page__block_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / 'page.md'
    page.write_text('```bash\nfalse | true\necho not reached\n```\n')
    with pytest.raises(Exception, match='page.md:1 ended with status 1'):
        run_page(page)


def test_run_page__file_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_desk(tmp_path))
    page = tmp_path / 'page.md'
    page.write_text('```python\n# configs/new.py\n```\n')
    with pytest.raises(ValueError, match='page.md:1 would write configs/new'):
        run_page(page)


def test_run_page__mark_files_and_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / 'page.md'
    page.write_text(
        '<!-- skip: next "needs a GPU" -->\n\n'
        '```bash\nfalse\n```\n'
        '```python\n# a/b.py\nvalue = 1\n```\n'
        '```python\nx = open("a/b.py").read()\n```\n'
        '```python\nassert x.endswith("value = 1\\n")\n```\n'
    )
    assert run_page(page) == 3
