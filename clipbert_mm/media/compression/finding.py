# Copyright (c) clipbert_mm contributors.
"""Find the videos of a folder, and say why other files are left out."""

import os
import os.path as osp
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.files import VIDEO_SUFFIXES, without_suffix
from clipbert_mm.media.limits import MediaLimits
from clipbert_mm.media.reading import open_media
from clipbert_mm.media.sniffing import HEAD_BYTES, sniff
from clipbert_mm.media.walking import walk_files
from clipbert_mm.utils.error_text import first_line

# Too large a file is refused when it is encoded.
_OF_ANY_SIZE = MediaLimits(num_bytes=2**63)


class FoundVideos(NamedTuple):
    """Files below a folder.

    Args:
        videos (dict[Path, Path]): Source and target of every video, sorted.
        left_out (dict[Path, str]): Reason against every file that is not
            taken for a video.
        clashes (dict[Path, str]): Reason against every video whose target
            would be that of another.
    """

    videos: dict[Path, Path]
    left_out: dict[Path, str]
    clashes: dict[Path, str]


def find_videos(
    source: Path, target: Path, suffixes: Sequence[str] | None = None
) -> FoundVideos:
    """Find the videos below a folder, and the files to encode them to.

    Args:
        source (Path): Folder of the videos; links to folders are followed.
        target (Path): Folder of the encoded videos.
        suffixes (Sequence[str] | None): Suffixes of videos, in any case.
            Defaults to None: those of all videos, and files that begin like
            a video.

    Returns:
        FoundVideos: Videos, and files that are left out.

    Raises:
        ValueError: If there are no videos, or if one of the folders is inside
            the other.
    """
    _check_folders(source, target)
    endings = _endings(suffixes)
    found: dict[Path, Path] = {}
    left_out: dict[Path, str] = {}
    for entry in walk_files(os.fspath(source)):
        path = source / entry.path
        reason = entry.refusal or _reason_against(path, target, endings)
        if reason:
            left_out[path] = reason
        else:
            name = without_suffix(entry.path, endings or ()) + '.mp4'
            found[path] = target / name
    if not found:
        raise ValueError(_nothing(source, left_out, endings))
    clashes = _clashes(found)
    videos = {old: new for old, new in found.items() if old not in clashes}
    return FoundVideos(videos, left_out, clashes)


def _check_folders(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise ValueError(f'There is no folder {source} to read videos from.')
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ValueError(
            f'{source} and {target} must not be inside one another: choose '
            'another folder to write.'
        )


def _nothing(
    source: Path, left_out: dict[Path, str], endings: Collection[str] | None
) -> str:
    if endings is not None:
        return (
            f'{source} has no files with a suffix of {sorted(endings)}. Pass '
            'others with --suffixes.'
        )
    reasons = ''.join(f'; {p}: {r}' for p, r in list(left_out.items())[:3])
    return f'{source} has no videos among its {len(left_out)} files{reasons}.'


def _endings(suffixes: Sequence[str] | None) -> set[str] | None:
    if suffixes is None:
        return None
    return {'.' + suffix.lower().lstrip('.') for suffix in suffixes}


def _reason_against(
    path: Path, target: Path, endings: Collection[str] | None
) -> str:
    """Return why a file is not taken for a video; empty if it is."""
    suffix = osp.splitext(path)[1].lower()
    if osp.realpath(path).startswith(osp.join(osp.realpath(target), '')):
        return 'it is a link into the folder to write'
    if endings is not None:
        return '' if suffix in endings else 'its suffix is not in --suffixes'
    if suffix in VIDEO_SUFFIXES:
        return ''  # what is wrong with it is said when it is read
    try:
        with open_media(os.fspath(path), limits=_OF_ANY_SIZE) as file:
            kind = sniff(file.read(HEAD_BYTES))
    except MediaError as error:
        return error.reason
    except OSError as error:
        return error.strerror or first_line(error)
    if kind.role in ('video', 'animation'):
        return ''
    return f'it is {kind.name}'


def _clashes(found: dict[Path, Path]) -> dict[Path, str]:
    """Return the videos that share their target with others."""
    owners = defaultdict(list)
    for old, new in found.items():
        owners[new].append(old)
    folders = {parent for new in owners for parent in new.parents}
    clashes = {}
    for new, olds in owners.items():
        for old in olds:
            others = [str(other) for other in olds if other != old]
            if new in folders:
                others.append(f'the folder {new.name}')
            if others:
                clashes[old] = (
                    f'{new} would be the result of {" and ".join(others)}, '
                    'too; rename all but one'
                )
    return clashes
