# Copyright (c) clipbert_mm contributors.
"""Tests of the checks of an installation."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from clipbert_mm.cli import diagnosis
from clipbert_mm.cli.diagnosis import BROKEN, NOTE, Finding, diagnose
from clipbert_mm.host.versions import HOST_VERSIONS


def test_diagnose__goes_ahead_where_a_check_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def check_moon():
        yield Finding('first', NOTE, 'found')
        raise KeyError('moon')

    monkeypatch.setattr(
        diagnosis, 'CHECKS', (check_moon, diagnosis.check_resources)
    )
    findings = diagnose()
    assert Finding('moon', BROKEN, "KeyError: 'moon'") in findings
    assert {f.subject for f in findings} >= {'memory', 'disk'}


def test_check_versions__package_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(diagnosis.NEEDED, 'no-such-package', 'pip install it')
    assert Finding(
        'no-such-package', BROKEN, 'not installed', 'pip install it'
    ) in list(diagnosis.check_versions())


def test_check_decoders__codec_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codecs = {f.subject: f for f in diagnosis.check_decoders()}
    assert codecs['decoder pyav'].state == 'fine'
    monkeypatch.setattr(diagnosis, 'CODECS', ('h264', 'no_codec'))
    codecs = {f.subject: f for f in diagnosis.check_decoders()}
    assert codecs['codecs'].found == 'without no_codec'
    assert codecs['codecs'].state == NOTE


def test_check_models__hub_that_is_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    found = {f.subject: f for f in diagnosis.check_models()}
    assert found['hub'].remedy == 'unset HF_HUB_OFFLINE'


def test_check_models__lists_models_of_the_cache_that_match_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, config in (
        ('user--blip', '{"model_type": "blip"}'),
        ('user--blip2', '{"model_type": "blip-2"}'),
        ('user--bridge', '{"model_type": "bridgetower"}'),
        ('user--naflex', '{"model_type": "siglip2"}'),
        ('user--exported', '{"format": "clipbert_mm model"}'),
        ('user--bert', '{"model_type": "bert"}'),
    ):
        repo = tmp_path / f'models--{name}'
        snapshot = repo / 'snapshots' / 'a1'
        snapshot.mkdir(parents=True)
        (repo / 'blobs').mkdir()
        (snapshot / 'config.json').write_text(config)
        (snapshot / 'model.safetensors').touch()
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path))
    found = {f.subject: f for f in diagnosis.check_models()}
    listed = 'user/blip, user/blip2, user/bridge, user/exported'
    assert found['hub cache'].found == f'{tmp_path}: {listed}'


def test_needed__has_the_host_packages() -> None:
    host = {package for package, _ in HOST_VERSIONS.values()}
    assert host - {'mmcv-lite'} <= set(diagnosis.NEEDED)
