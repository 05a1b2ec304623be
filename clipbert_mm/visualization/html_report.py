# Copyright (c) clipbert_mm contributors.
"""Report of a ranking: one HTML page that needs no other file."""

import base64
import io
import os
import os.path as osp
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from clipbert_mm.media.frame_size import fitted_size
from clipbert_mm.media.opening import open_video, read_image
from clipbert_mm.media.reading import is_image
from clipbert_mm.utils.printing import printable
from clipbert_mm.utils.whole_files import write_whole

_FRAMES = 6  # of a moment
_SIDE = 256  # pixels
_WIDTH, _HEIGHT = 600, 60  # units of a timeline

# No request can leave the page, whatever a name holds.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>{query}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #202020;
 max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
article {{ display: flex; flex-wrap: wrap; gap: 1rem; align-items: center;
 border-top: 1px solid #ddd; padding: 1rem 0; }}
article img {{ width: 16rem; height: auto; border-radius: 4px; }}
article div {{ flex: 1 1 20rem; min-width: 0; }}
h2 {{ font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }}
p {{ margin: 0.2rem 0; overflow-wrap: anywhere; }}
svg {{ width: 100%; height: auto; background: #f2f4f6; }}
small {{ color: #606060; }}
</style>
</head>
<body>
<h1>{query}</h1>
<p>{summary}</p>
<p>{note}</p>
{matches}
{skipped}
</body>
</html>
"""

_MATCH = """<article>
{image}
<div>
<h2>{place}. {name}</h2>
<p>score {score:.3f}, best from {start:.1f} to {end:.1f} s</p>
{timeline}
<p><small>{video}</small></p>
</div>
</article>"""


def save_html_report(
    path: str | os.PathLike[str],
    query: str,
    ranking: Sequence[Mapping[str, Any]],
    skipped: Sequence[tuple[str, str]] = (),
    note: str = '',
) -> None:
    """Write the matches of a text with their best moments to a page.

    The moments are animated images in the page itself, and nothing in it is
    loaded from elsewhere.

    Args:
        path (str | os.PathLike[str]): Path of the page.
        query (str): Text that was searched for.
        ranking (Sequence[Mapping[str, Any]]): Matches as
            :meth:`ClipBERTInferencer.rank` returns them.
        skipped (Sequence[tuple[str, str]]): Unreadable videos with the
            reasons. Defaults to none.
        note (str): Sentence about the matches. Defaults to ``''``.

    Raises:
        MediaError: If a video is unreadable.
        OSError: If a file cannot be read or written.

    Example:
        >>> save_html_report('report.html', 'a dog runs',
        ...                  inferencer.rank(...))  # doctest: +SKIP
    """
    parts = [
        _match_part(place, match) for place, match in enumerate(ranking, 1)
    ]
    number = len(ranking)
    page = _PAGE.format(
        query=safe(query),
        summary=f'{number} {"video" if number == 1 else "videos"}, best first',
        note=safe(note),
        matches='\n'.join(parts),
        skipped=_skipped_part(skipped),
    )
    write_whole(path, page)


def safe(text: str) -> str:
    r"""Return a text that is only text in HTML and in its attributes.

    Args:
        text (str): Any text, such as the name of a file.

    Returns:
        str: The text, escaped.

    Example:
        >>> print(safe('<b>"\n'))
        &lt;b&gt;&quot;\n
    """
    return escape(printable(text))


def draw_svg_timeline(clips: Sequence[tuple[float, float, float]]) -> str:
    """Draw the scores of clips over seconds as an SVG image.

    Args:
        clips (Sequence[tuple[float, float, float]]): Start, end and score in
            [0, 1] of each; the best one is green.

    Returns:
        str: SVG element; a bar shows its values under the mouse.

    Example:
        >>> draw_svg_timeline([(0.0, 1.0, 0.5)]).count('<rect')
        1
    """
    span = max((end for _, end, _ in clips), default=0.0) or 1.0
    best = max((score for _, _, score in clips), default=0.0)
    bars = []
    for start, end, score in clips:
        left = start / span * _WIDTH
        width = max((end - start) / span * _WIDTH, 3)
        height = max(score * _HEIGHT, 1)
        colour = '#1a8a3c' if score == best else '#9db4cc'
        bars.append(
            f'<rect x="{left:.1f}" y="{_HEIGHT - height:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" fill="{colour}">'
            f'<title>{start:.1f} to {end:.1f} s: {score:.3f}</title></rect>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<title>scores of {len(clips)} clips over {span:.1f} s</title>'
        f'{"".join(bars)}</svg>'
    )


def moment_image(video: str, start: float, end: float) -> bytes:
    """Return a moment of a video as an animated WebP.

    Args:
        video (str): Path of a video, a GIF or an image.
        start (float): Start in seconds.
        end (float): End in seconds.

    Returns:
        bytes: Content of the image.

    Raises:
        MediaError: If the file is unreadable.
        OSError: If the file cannot be read.
    """
    frames = _read_moment(video, start, end)
    size = fitted_size(frames[0].shape[1], frames[0].shape[0], _SIDE)
    first, *others = [
        Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR)
        for frame in frames
    ]
    content = io.BytesIO()
    first.save(
        content,
        'WEBP',
        save_all=True,
        append_images=others,
        duration=max(round(1000 * (end - start) / len(frames)), 40),
        loop=0,
        quality=70,
    )
    return content.getvalue()


def _read_moment(video: str, start: float, end: float) -> list[np.ndarray]:
    if is_image(video):
        return [read_image(video)]
    with open_video(video) as reader:
        stamps = reader.get_frame_timestamp(np.arange(len(reader)))
        shown = (stamps[:, 1] > start) & (stamps[:, 0] < end)
        inds = np.flatnonzero(shown) if shown.any() else np.zeros(1, int)
        chosen = np.linspace(0, len(inds) - 1, min(_FRAMES, len(inds)))
        return list(reader.get_batch(inds[chosen.astype(int)]).asnumpy())


def _match_part(place: int, match: Mapping[str, Any]) -> str:
    video = match['video']
    content = moment_image(video, match['start'], match['end'])
    data = base64.b64encode(content).decode('ascii')
    name = safe(osp.basename(video))
    return _MATCH.format(
        image=f'<img src="data:image/webp;base64,{data}" alt="{name}"/>',
        place=place,
        name=name,
        score=match['score'],
        start=match['start'],
        end=match['end'],
        timeline=draw_svg_timeline(match['clips']),
        video=safe(str(Path(video))),
    )


def _skipped_part(skipped: Sequence[tuple[str, str]]) -> str:
    if not skipped:
        return ''
    items = ''.join(
        f'<li>{safe(video)}: {safe(reason)}</li>' for video, reason in skipped
    )
    return f'<h2>Unreadable files</h2>\n<ul>{items}</ul>'
