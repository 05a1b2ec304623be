# Copyright (c) clipbert_mm contributors.
"""Checks of an installation, each of which works where others fail."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from clipbert_mm.utils.error_text import describe, first_line
from clipbert_mm.version import __version__

FINE, NOTE, BROKEN = 'fine', 'note', 'broken'
#: Packages that the package needs, and what to type without them.
NEEDED = {
    'torch': 'pip install torch',
    'mmengine': 'pip install mmengine',
    'mmaction2': 'pip install mmaction2',
    'transformers': 'pip install "transformers>=4.57.6,<6"',
    'av': 'pip install av',
    'numpy': 'pip install numpy',
    'pillow': 'pip install pillow',
    'safetensors': 'pip install safetensors',
    'huggingface_hub': 'pip install huggingface_hub',
}
#: Decoders of common forms of video, by FFmpeg's names.
CODECS = ('h264', 'hevc', 'av1', 'vp8', 'vp9', 'mpeg4', 'mpeg2video', 'wmv2')
#: Encoder of cut and compressed videos.
ENCODER = 'libx264'
HUB_SECONDS = 3
LOW_MEMORY = 2 * 2**30
LOW_DISK = 2**30


class Finding(NamedTuple):
    """What a check has found.

    Args:
        subject (str): What was checked.
        state (str): ``'fine'``, ``'note'`` or ``'broken'``.
        found (str): What was found.
        remedy (str): What to type; empty for nothing.
    """

    subject: str
    state: str
    found: str
    remedy: str = ''


def diagnose() -> list[Finding]:
    """Run all checks.

    Returns:
        list[Finding]: What they found. A check that fails itself is a
        finding, too.
    """
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += check()
        except Exception as error:  # of any kind: the other checks go ahead
            subject = check.__name__.removeprefix('check_')
            findings.append(Finding(subject, BROKEN, describe(error)))
    return findings


def check_versions() -> Iterator[Finding]:
    """Yield the versions of Python and of the packages that are needed."""
    supported = sys.version_info >= (3, 10)
    yield Finding(
        'python',
        FINE if supported else BROKEN,
        f'{platform.python_version()} on {platform.platform()}',
        '' if supported else 'install Python 3.10 or newer',
    )
    yield Finding('clipbert_mm', FINE, __version__)
    for package, remedy in NEEDED.items():
        try:
            yield Finding(package, FINE, version(package))
        except PackageNotFoundError:
            yield Finding(package, BROKEN, 'not installed', remedy)


def check_host() -> Iterator[Finding]:
    """Yield whether the host packages can be used, and their repairs."""
    try:
        from clipbert_mm import applied_repairs

        repairs = applied_repairs()
    except ImportError as error:
        text = first_line(error)
        remedy = text.partition('`')[2].partition('`')[0]
        yield Finding('host packages', BROKEN, text, remedy)
        return
    yield Finding('host packages', FINE, 'supported versions')
    for name, reason in repairs.items():
        yield Finding(f'repair {name}', FINE, f'repaired: {reason}')


def check_decoders() -> Iterator[Finding]:
    """Yield which decoders and codecs can be used."""
    from clipbert_mm.media.opening import available_decoders

    for decoder, reason in available_decoders().items():
        needed = decoder == 'pyav'
        state = FINE if not reason else BROKEN if needed else NOTE
        remedy = reason.partition('run ')[2].partition(';')[0]
        yield Finding(
            f'decoder {decoder}', state, reason or 'available', remedy
        )
    av = import_module('av')
    missing = [name for name in CODECS if not _has_codec(av, name, 'r')]
    yield Finding(
        'codecs',
        BROKEN if 'h264' in missing else NOTE if missing else FINE,
        f'without {", ".join(missing)}' if missing else ', '.join(CODECS),
        'pip install --force-reinstall av' if missing else '',
    )
    encodes = _has_codec(av, ENCODER, 'w')
    yield Finding(
        'encoder',
        FINE if encodes else NOTE,
        ENCODER if encodes else f'no {ENCODER}: compress needs it',
        '' if encodes else 'pip install --force-reinstall av',
    )


def check_devices() -> Iterator[Finding]:
    """Yield the GPUs that PyTorch can use."""
    torch = import_module('torch')
    if torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            yield Finding('GPU', FINE, torch.cuda.get_device_name(i))
    else:
        cores = os.cpu_count()
        yield Finding('GPU', NOTE, f'none; the CPU is used ({cores} cores)')


def check_models() -> Iterator[Finding]:
    """Yield which models are at hand: shipped, cached, on the hub."""
    from clipbert_mm.apis.demo_files import DEMO_MODELS, demo_model

    for name in DEMO_MODELS:
        try:
            demo_model(name)
            yield Finding(f'model {name}', FINE, 'comes with the package')
        except FileNotFoundError as error:
            remedy = 'pip install --force-reinstall --no-deps clipbert_mm'
            yield Finding(f'model {name}', NOTE, first_line(error), remedy)
    constants = import_module('huggingface_hub.constants')
    cached = list(_cached_models(constants.HF_HUB_CACHE))
    shown = ', '.join(cached[:5]) + (', ...' if len(cached) > 5 else '')
    yield Finding(
        'hub cache',
        FINE,
        f'{constants.HF_HUB_CACHE}: {shown or "no model that can be used"}',
    )
    yield Finding('hub', *_reach_hub(constants.ENDPOINT))


def _cached_models(cache: str) -> Iterator[str]:
    """Yield the models in the cache of the hub that match texts."""
    from clipbert_mm.apis.image_text_models import CONFIGS, model_type
    from clipbert_mm.weights.portable_config import WEIGHT_FILE

    hub = import_module('huggingface_hub')
    try:
        found = hub.scan_cache_dir(cache).repos
    except hub.errors.CacheNotFound:
        return
    for repo in sorted(found, key=lambda repo: repo.repo_id):
        for folder in sorted(r.snapshot_path for r in repo.revisions):
            kind = model_type(str(folder))
            is_ours = kind is None and (folder / WEIGHT_FILE).exists()
            if kind in CONFIGS or is_ours:
                yield repo.repo_id
                break


def check_resources() -> Iterator[Finding]:
    """Yield memory and disk space that are left."""
    free = os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    total = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    yield Finding(
        'memory',
        NOTE if total < LOW_MEMORY else FINE,
        f'{free / 2**30:.1f} of {total / 2**30:.1f} GiB unused',
    )
    disk = shutil.disk_usage('.')
    yield Finding(
        'disk',
        NOTE if disk.free < LOW_DISK else FINE,
        f'{disk.free / 2**30:.1f} GiB free in {os.getcwd()}',
    )


def _has_codec(av: object, name: str, mode: str) -> bool:
    try:
        av.Codec(name, mode)  # type: ignore[attr-defined]
    except ValueError:  # PyAV's UnknownCodecError
        return False
    return True


def _reach_hub(address: str) -> tuple[str, str, str]:
    """Return state, finding and remedy of the Hugging Face hub."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    if os.environ.get('HF_HUB_OFFLINE', '').upper() in ('1', 'TRUE', 'YES'):
        return NOTE, 'HF_HUB_OFFLINE is set', 'unset HF_HUB_OFFLINE'
    try:
        with urlopen(Request(address, method='HEAD'), timeout=HUB_SECONDS):
            return FINE, f'{address} can be reached', ''
    except (URLError, OSError) as error:
        return NOTE, f'{address} cannot be reached: {first_line(error)}', ''


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_versions,
    check_host,
    check_decoders,
    check_devices,
    check_models,
    check_resources,
)
