# Copyright (c) clipbert_mm contributors.
"""Student of an index in its database: weights, and vectors of all clips."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.gallery.fingerprint import tensors_digest
from clipbert_mm.utils.extras import import_extra

from .description import Description
from .errors import LibraryError
from .packing import unpack_tokens
from .store import EXTRA, IndexStore, is_in, nearest_videos
from .student import VECTOR_WIDTH, Student
from .student_rows import (
    KEY,
    VECTORS,
    WEIGHTS,
    count_rows,
    student_of,
)

#: Vectors from which on an index finds the nearest: below, all are compared.
INDEXED_VECTORS = 50_000
# Parts of the index that a query searches. Each has thousands of vectors.
_PARTS = 50
# Videos whose clips are embedded at a time.
_BLOCK = 64


class StudentTables:
    """Student of an index, and the vectors that it gives all clips.

    The vectors say of which student they are: those of another are computed
    again by :meth:`bring_up_to_date`, as after a killed run.

    Args:
        store (IndexStore): The index.

    Example:
        >>> tables = StudentTables(IndexStore('index'))  # doctest: +SKIP
        >>> tables.save(student)  # doctest: +SKIP
    """

    def __init__(self, store: IndexStore) -> None:
        self._store = store

    def save(self, student: Student) -> None:
        """Write the weights of a student, and the vectors of all clips.

        Args:
            student (Student): The student.
        """
        arrow = import_extra('pyarrow', EXTRA)
        digest = _digest(student.state_dict())
        schema = arrow.schema(
            [('description', arrow.string()), ('weights', arrow.binary())],
            metadata={KEY: digest.encode()},
        )
        row = dict(
            description=self._store.description.to_json(),
            weights=save(student.state_dict()),
        )
        self._store.replace_table(WEIGHTS, schema, [row])
        self.bring_up_to_date(student)
        self.index_vectors()

    def load(self, model: VideoTextModel) -> Student:
        """Return the student of the index.

        Args:
            model (VideoTextModel): The cross-encoder of the index.

        Returns:
            Student: In evaluation mode, on the CPU.

        Raises:
            LibraryError: If there is none, or it is of another cross-encoder
                or another form of grids.
        """
        table = self._store.find_table(WEIGHTS)
        if table is None:
            raise LibraryError(
                'the index has no student. Make one with `clipbert-mm distill '
                'INDEX --queries FILE`.'
            )
        (row,) = table.search().to_arrow().to_pylist()
        about = Description.from_json(row['description'])
        differences = self._store.description.differences(about)
        if differences:
            raise LibraryError(
                'the student was distilled from another model or index: '
                f'{"; ".join(differences)}. Distil it again with '
                '`clipbert-mm distill INDEX --queries FILE`.'
            )
        student = make_student(model, about.width)
        student.load_state_dict(load(row['weights']))
        return student.eval()

    def bring_up_to_date(
        self, student: Student, among: range = range(2**63)
    ) -> int:
        """Compute the vectors of clips that have none, and drop surplus ones.

        Args:
            student (Student): Student of the index.
            among (range): Numbers of the videos that are looked at: others
                are those of another process. Defaults to all.

        Returns:
            int: Number of videos whose vectors were computed.
        """
        digest = _digest(student.state_dict())
        table = self._store.find_table(VECTORS)
        if table is None or student_of(table) != digest:
            table = self._store.replace_table(VECTORS, _schema(digest))
        wanted = {
            row.video: row.clips
            for row in self._store.videos()
            if row.video in among
        }
        found = count_rows(table)
        counts = {v: n for v, n in found.items() if v in among}
        self.remove(v for v, n in counts.items() if wanted.get(v) != n)
        missing = [v for v, n in wanted.items() if n and counts.get(v) != n]
        for rows in self._embed(student, missing):
            table.add(rows)
        return len(missing)

    def _embed(
        self, student: Student, videos: Sequence[int]
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of the clips of some videos, a block at a time."""
        about = self._store.description
        for start in range(0, len(videos), _BLOCK):
            clips = self._store.take(videos[start : start + _BLOCK])
            tokens = unpack_tokens(
                [clip['grid'] for clip in clips],
                about.tokens,
                about.width,
                about.precision,
            )
            with torch.inference_mode():
                vectors = student.embed_clips(tokens).tolist()
            yield [
                dict(video=clip['video'], clip=clip['clip'], vector=vector)
                for clip, vector in zip(clips, vectors)
            ]

    def index_vectors(self, least: int = INDEXED_VECTORS) -> bool:
        """Build the index of the vectors, where it pays and is too small.

        Queries find vectors that are not in it, too, but compare all of them;
        :meth:`IndexStore.compact` adds them.

        Args:
            least (int): Number of vectors from which on there is an index.
                Defaults to :data:`INDEXED_VECTORS`.

        Returns:
            bool: Whether it was built: half of the vectors or more were not
            in it.
        """
        table = self._store.find_table(VECTORS)
        number = 0 if table is None else table.count_rows()
        if table is None or number < least:
            return False
        known = sum(one.num_indexed_rows for one in table.list_indices())
        if 2 * known > number:
            return False
        lance = import_extra('lancedb.index', EXTRA)
        config = lance.IvfFlat(distance_type='cosine')
        table.create_index('vector', config=config)
        return True

    def remove(self, videos: Iterable[int]) -> None:
        """Remove the vectors of videos.

        Args:
            videos (Iterable[int]): Numbers of the videos.
        """
        numbers = list(videos)
        table = self._store.find_table(VECTORS)
        if numbers and table is not None:
            table.delete(is_in(numbers))

    def nearest(
        self, student: Student, vector: Tensor, number: int
    ) -> list[int]:
        """Return the videos with the clips nearest to a text.

        Args:
            student (Student): Student of the index.
            vector (Tensor): Vector of the text, ``(VECTOR_WIDTH, )``.
            number (int): Maximum number of videos.

        Returns:
            list[int]: Numbers of the videos, the nearest first.

        Raises:
            LibraryError: If the vectors are of another student.
        """
        table = self._store.find_table(VECTORS)
        if table is None or student_of(table) != _digest(student.state_dict()):
            raise LibraryError(
                'the vectors of the student are missing, because the process '
                'that wrote them has ended before. Run `clipbert-mm index` '
                'again, which computes them.'
            )
        # So many clips belong to so many videos at least.
        clips = number * self._store.description.num_clips
        found = nearest_videos(table, vector.tolist(), clips, _PARTS)
        return list(dict.fromkeys(video for video, _ in found))[:number]


def make_student(model: VideoTextModel, width: int) -> Student:
    """Return an untrained student of a cross-encoder.

    Args:
        model (VideoTextModel): The cross-encoder.
        width (int): D, numbers of a visual token.

    Returns:
        Student: On the CPU.
    """
    words = model.model.head.word_embeddings.detach().float().cpu()
    return Student(words, width, model.tokenize.max_txt_len)


def embed_queries(
    student: Student, model: VideoTextModel, texts: Sequence[str]
) -> Tensor:
    """Return the vectors that a student gives texts.

    Args:
        student (Student): The student.
        model (VideoTextModel): Its cross-encoder, which tokenises.
        texts (Sequence[str]): M texts.

    Returns:
        Tensor: ``(M, VECTOR_WIDTH)``.
    """
    tokens = model.tokenize.tokenize(texts)
    ids = torch.from_numpy(tokens['input_ids'])
    mask = torch.from_numpy(tokens['attention_mask']).bool()
    return student.embed_texts(ids, mask)


def _schema(digest: str) -> Any:
    arrow = import_extra('pyarrow', EXTRA)
    return arrow.schema(
        [
            ('video', arrow.int64()),
            ('clip', arrow.int32()),
            ('vector', arrow.list_(arrow.float32(), VECTOR_WIDTH)),
        ],
        metadata={KEY: digest.encode()},
    )


def _digest(state: dict[str, Tensor]) -> str:
    return tensors_digest(dict(sorted(state.items())))  # as files are
