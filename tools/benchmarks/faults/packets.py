# Copyright (c) clipbert_mm contributors.
"""Damage to the packets of a video, in an intact container."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from .forms import BIT_EXACT

PacketDamage = Callable[[list[Any], np.random.Generator], list[Any]]


def _drop_key(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    keys = [i for i, p in enumerate(packets) if p.is_keyframe]
    gone = keys[len(keys) // 2]
    return packets[:gone] + packets[gone + 1 :]


def _drop_some(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    return [p for i, p in enumerate(packets) if i % 5 != 3]


def _double(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    """Repeat a packet; those that follow are shown later."""
    place = 7
    copy = _with_content(packets[place], bytes(packets[place]))
    step = packets[place].duration or 1
    for packet in packets[place:]:
        packet.pts += step
        packet.dts += step
    return [*packets[:place], copy, *packets[place:]]


def _swap(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    """Exchange the content of neighbours, not their time stamps."""
    for i in range(3, len(packets) - 1, 6):
        first, second = bytes(packets[i]), bytes(packets[i + 1])
        packets[i] = _with_content(packets[i], second)
        packets[i + 1] = _with_content(packets[i + 1], first)
    return packets


def _cut_each(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    return [
        _with_content(p, bytes(p)[: max(p.size * 2 // 3, 1)])
        if i % 4 == 2
        else p
        for i, p in enumerate(packets)
    ]


def _zero_each(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    return [
        _with_content(p, bytes(p.size)) if i % 6 == 4 else p
        for i, p in enumerate(packets)
    ]


def _noise_each(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    return [
        _with_content(p, rng.bytes(p.size)) if i % 6 == 5 else p
        for i, p in enumerate(packets)
    ]


def _only_delta(packets: list[Any], rng: np.random.Generator) -> list[Any]:
    return [p for p in packets if not p.is_keyframe] or packets[:1]


def _with_content(packet: Any, content: bytes) -> Any:
    copy = av.Packet(content)
    copy.pts, copy.dts = packet.pts, packet.dts
    copy.duration, copy.time_base = packet.duration, packet.time_base
    copy.is_keyframe = packet.is_keyframe
    return copy


#: Functions of the packets of a video and a generator, by name.
PACKET_DAMAGE: dict[str, PacketDamage] = {
    'key frame dropped': _drop_key,
    'packets dropped': _drop_some,
    'packet doubled': _double,
    'packets swapped': _swap,
    'packets cut': _cut_each,
    'packets zeroed': _zero_each,
    'packets of noise': _noise_each,
    'no key frames': _only_delta,
}
#: Forms whose packets can be written again.
PACKET_FORMS = (
    'libx264.mp4',
    'libx264-no-b-frames.mp4',
    'libx265.mp4',
    'mpeg4.mov',
    'libx264.mkv',
    'libvpx-vp9.webm',
    'libvpx.webm',
    'mpeg4.avi',
    'flv.flv',
    'mpeg2video.mkv',
    'wmv2.wmv',
)


def damage_packets(
    source: Path, target: Path, damage: PacketDamage, rng: np.random.Generator
) -> None:
    """Write a video again with damaged packets.

    Args:
        source (Path): Intact video.
        target (Path): File to write, of the same suffix.
        damage (PacketDamage): One of :data:`PACKET_DAMAGE`.
        rng (np.random.Generator): Source of random numbers.
    """
    with (
        av.open(str(source)) as reader,
        av.open(str(target), 'w', options=BIT_EXACT) as writer,
    ):
        stream = reader.streams.video[0]
        copy = writer.add_stream_from_template(stream)
        packets: list[Any] = [p for p in reader.demux(stream) if p.size]
        for packet in damage(packets, rng):
            packet.stream = copy
            packet.time_base = stream.time_base
            writer.mux(packet)
