# Copyright (c) clipbert_mm contributors.
"""Open a video file or a GIF, from a disk or a database."""

from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.media.backends import check_backend
from clipbert_mm.media.limits import VIDEO_LIMITS, read_limits
from clipbert_mm.media.opening import DECODERS, open_video, reader_class
from clipbert_mm.media.options import ON_DAMAGE
from clipbert_mm.utils.checks import check_bool, check_choice, check_integer


@TRANSFORMS.register_module()
class LoadVideo(BaseTransform):
    """Open a video for ``DecordDecode``.

    MMAction2's ``DecordInit`` reads many healthy files wrongly, in silence:
    MPEG, AVI, WMV and cut MP4s among them. It does not work with an LMDB
    whose keys are the stems of files, nor with GIFs, and it decodes
    overlapping clips again and again. ``PyAVInit`` does not provide the time
    stamps of frames.

    A frame has the same index with every decoder, and ``DecordDecode`` reads
    it. The reader decodes forwards, each wanted frame once. Pillow reads
    GIFs, whatever the decoder.

    Required Keys:

        - filename (str)

    Added Keys:

        - video_reader (VideoReader)
        - total_frames (int)
        - avg_fps (float)
        - key_frame_inds (np.ndarray): only with ``key_frames``

    Args:
        backend_args (dict | None): Options of MMEngine's file backend,
            such as ``dict(backend='lmdb', db_path='videos.lmdb')``, whose
            keys are the stems of the files. Defaults to None, the local disk.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1, because the workers of a data loader decode side by
            side.
        decoder (str): ``'pyav'``, ``'decord'`` or ``'torchcodec'``, if
            installed. The last two refuse many healthy files, which they would
            read wrongly. Defaults to ``'pyav'``.
        decode_size (int | None): Length of the longer side in pixels, to
            which the decoder scales, with the shape that
            :class:`ResizeLongSide` of this size gives. The pixels differ from
            those of resizing afterwards, and GIFs keep their size. decord
            opens the video twice for it. Defaults to None, the size of the
            file.
        on_damage (str): ``'raise'`` makes a file unreadable if FFmpeg reports
            damage of what is read; decord and torchcodec report only that of
            the container. ``'scan'`` decodes the whole file when a process
            first opens it, whatever the decoder, and also refuses it for
            damage elsewhere. ``'use'`` takes the frames that FFmpeg conceals.
            Defaults to ``'raise'``.
        limits (dict | None): Limits above which a file is unreadable, such as
            ``dict(pixels=10**8)``; see
            :class:`~clipbert_mm.media.limits.MediaLimits`. Defaults to None,
            those of 8K videos of a day.
        key_frames (bool): Add the indices of the key frames, for
            ``SparseClipSampler(snap_to_keyframes=True)``. Defaults to False.

    Raises:
        ValueError: If an option is not one of the above.
        TypeError: If a limit is unknown.
        ImportError: If the decoder is not installed.
        MediaError: If the file is empty, damaged or not a video, or the LMDB
            has no such key.
        OSError: If the file cannot be read.

    Example:
        >>> load = LoadVideo(dict(
        ...     backend='lmdb', db_path='videos.lmdb'))  # doctest: +SKIP
        >>> load(dict(filename='videos/video0.mp4'))[
        ...     'total_frames']  # doctest: +SKIP
        250
    """

    def __init__(
        self,
        backend_args: dict | None = None,
        num_threads: int = 1,
        decoder: str = 'pyav',
        decode_size: int | None = None,
        on_damage: str = 'raise',
        limits: dict | None = None,
        key_frames: bool = False,
    ) -> None:
        check_integer('num_threads', num_threads, 0)
        check_choice('decoder', decoder, DECODERS)
        if decode_size is not None:
            check_integer('decode_size', decode_size, 1)
        check_choice('on_damage', on_damage, ON_DAMAGE)
        check_bool('key_frames', key_frames)
        check_backend(backend_args)
        self.backend_args = backend_args
        self.num_threads = num_threads
        self.decoder = decoder
        self.decode_size = decode_size
        self.on_damage = on_damage
        self.limits = read_limits(limits, VIDEO_LIMITS)
        self.key_frames = key_frames
        reader_class(decoder)  # fail early

    def transform(self, results: dict) -> dict:
        """Open the video.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        reader = open_video(
            results['filename'],
            decoder=self.decoder,
            num_threads=self.num_threads,
            decode_size=self.decode_size,
            on_damage=self.on_damage,
            limits=self.limits,
            backend_args=self.backend_args,
        )
        results['video_reader'] = reader
        results['total_frames'] = len(reader)
        results['avg_fps'] = reader.get_avg_fps()
        if self.key_frames:
            results['key_frame_inds'] = reader.get_key_indices()
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(backend_args={self.backend_args}, '
            f'num_threads={self.num_threads}, decoder={self.decoder!r}, '
            f'decode_size={self.decode_size}, '
            f'on_damage={self.on_damage!r}, limits={self.limits}, '
            f'key_frames={self.key_frames})'
        )
