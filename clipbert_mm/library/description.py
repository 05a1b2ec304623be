# Copyright (c) clipbert_mm contributors.
"""Description of an index: by which model, and in which form."""

import dataclasses
import json
from typing import Any

from .errors import LibraryError

FORMAT = 'clipbert_mm index'
#: Raised when the tables change.
FORMAT_VERSION = 1
# Members that say where a model was, not which one it is.
_NAMES = ('model',)


@dataclasses.dataclass(frozen=True)
class Description:
    """Model and form of the grids in an index.

    Args:
        model (str): Name or folder of the model.
        weights (str): Digest of its weights.
        pipeline (str): Digest of the transforms from a file to frames.
        vocabulary (str): Digest of its tokenizer's vocabulary.
        num_clips (int): Maximum number of clips of a video.
        tokens (int): V, visual tokens of a clip.
        width (int): D, numbers of a token.
        precision (str): ``'float16'`` or ``'int8'``.
    """

    model: str
    weights: str
    pipeline: str
    vocabulary: str
    num_clips: int
    tokens: int
    width: int
    precision: str

    def to_json(self) -> str:
        """Return the text that an index stores.

        Returns:
            str: JSON.
        """
        head: dict[str, Any] = dict(format=FORMAT, version=FORMAT_VERSION)
        return json.dumps(head | dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> 'Description':
        """Read the text that an index stores.

        Args:
            text (str | bytes): JSON of :meth:`to_json`.

        Returns:
            Description: The description.

        Raises:
            LibraryError: If it is none, or one of another version.

        Example:
            >>> Description.from_json('{}')
            Traceback (most recent call last):
            clipbert_mm.library.errors.LibraryError: expected an index of \
'clipbert_mm index', version 1, but got None, version None. Index the videos \
again with this version of clipbert_mm.
        """
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        values = values if isinstance(values, dict) else {}
        found = (values.pop('format', None), values.pop('version', None))
        if found != (FORMAT, FORMAT_VERSION):
            raise LibraryError(
                f'expected an index of {FORMAT!r}, version {FORMAT_VERSION}, '
                f'but got {found[0]!r:.40}, version {found[1]!r:.40}. Index '
                'the videos again with this version of clipbert_mm.'
            )
        types = {f.name: f.type for f in dataclasses.fields(cls)}
        if values.keys() != types.keys() or any(
            not isinstance(values[name], (str if kind is str else int))
            for name, kind in types.items()
        ):
            raise LibraryError(
                f'the description of the index is damaged: {values!r:.200}. '
                'Index the videos again.'
            )
        return cls(**values)

    def differences(self, other: 'Description') -> list[str]:
        """Return in what two descriptions differ, but for names.

        Args:
            other (Description): Description of what is at hand.

        Returns:
            list[str]: A phrase for each member that differs.

        Example:
            >>> one = Description('a', '1', '', '', 16, 49, 768, 'int8')
            >>> other = dataclasses.replace(one, model='b', weights='2')
            >>> one.differences(other)
            ["weights is '1' in the index, but '2' here"]
        """
        return [
            f'{field.name} is {theirs!r} in the index, but {ours!r} here'
            for field in dataclasses.fields(self)
            if field.name not in _NAMES
            and (theirs := getattr(self, field.name))
            != (ours := getattr(other, field.name))
        ]

    def check_same(self, other: 'Description') -> None:
        """Raise unless grids of both can be compared.

        Args:
            other (Description): Description of what is to be added.

        Raises:
            LibraryError: If something differs; the message says what.
        """
        differences = self.differences(other)
        if differences:
            raise LibraryError(
                f'the index was made by the model {self.model!r}, and this '
                f'is another: {"; ".join(differences)}. Pass the model of '
                'the index, or make a new index.'
            )
