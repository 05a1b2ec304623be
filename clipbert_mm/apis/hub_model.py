# Copyright (c) clipbert_mm contributors.
"""Save a model to a folder, load it again, and publish it on the hub."""

import os
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelHubMixin
from mmengine.config import Config

from clipbert_mm.gallery.fingerprint import tensors_digest
from clipbert_mm.models import ClipBERT
from clipbert_mm.utils.outputs import check_output_folder
from clipbert_mm.utils.whole_files import write_whole
from clipbert_mm.weights.calibration import Calibration, write_calibration
from clipbert_mm.weights.model_card import (
    CARD_FILE,
    ModelFacts,
    make_card,
    replace_calibration,
)
from clipbert_mm.weights.model_folder import write_model_folder
from clipbert_mm.weights.onnx_files import copy_graphs
from clipbert_mm.weights.portable_config import without_weight_files

from .model_names import find_model


class HubModel(ModelHubMixin, library_name='clipbert_mm'):
    """Mixin with huggingface_hub's ``save_pretrained`` and ``push_to_hub``.

    Both write the folder of an exported model, with a model card. Their
    ``model_card_kwargs`` are the arguments of :class:`ModelFacts`; without
    them a model keeps the card of the folder that it was loaded from.

    Attributes:
        model (ClipBERT): The model.
        cfg (Config): Its settings.
        folder (str | None): Folder that it was loaded from.
        calibration (Calibration | None): Calibration of its scores. None
            stands for the scores of training.
        stored_calibration (Calibration | None): The one of the folder.
        stored_digest (str | None): Digest of the weights of the folder.
    """

    model: ClipBERT
    cfg: Config
    folder: str | None = None
    calibration: Calibration | None = None
    stored_calibration: Calibration | None = None
    stored_digest: str | None = None

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        **model_kwargs: Any,
    ) -> 'HubModel':
        """Load a model, from the Hugging Face hub if need be.

        Args:
            pretrained_model_name_or_path (str | Path): Name on the hub,
                ``'user/name'``, or whatever the constructor takes.
            force_download (bool): Download files even if the cache has them.
                Defaults to False.
            token (str | bool | None): Token of the hub. Defaults to None, the
                one that ``hf auth login`` stored.
            cache_dir (str | Path | None): Folder of the cache. Defaults to
                that of huggingface_hub.
            local_files_only (bool): Use the cache alone. Defaults to False.
            revision (str | None): Branch, tag or commit. Defaults to None,
                the branch ``main``.
            **model_kwargs (Any): Further arguments of the constructor.

        Returns:
            HubModel: The model.

        Raises:
            OSError: If the hub does not have the model or cannot be reached.

        Example:
            >>> ClipBERTInferencer.from_pretrained(
            ...     'user/name', revision='v1')  # doctest: +SKIP
        """
        # Differs from huggingface_hub's, which passes members of config.json,
        # written by a stranger, to the constructor.
        folder = find_model(
            pretrained_model_name_or_path,
            force_download=force_download,
            token=token,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            revision=revision,
        )
        return cls(folder, **model_kwargs)

    def save_pretrained(
        self, save_directory: str | Path, **options: Any
    ) -> str | None:
        """Write the folder of an exported model, with its card.

        Args:
            save_directory (str | Path): The folder; it is created.
            **options (Any): Options of huggingface_hub's
                ``ModelHubMixin.save_pretrained``, such as ``repo_id`` and
                ``push_to_hub``.

        Returns:
            str | None: Address of the commit with ``push_to_hub=True``.

        Raises:
            TypeError: If the folder is not given by a path.
            OutputError: If nothing can be written to it.
        """
        if not isinstance(save_directory, str | os.PathLike):
            raise TypeError(
                'save_directory must be the path of a folder, but got '
                f'{save_directory!r:.80} ({type(save_directory).__name__}).'
            )
        check_output_folder('save_directory', save_directory)
        return super().save_pretrained(save_directory, **options)

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write weights, settings, tokenizer, calibration and graphs."""
        plain = without_weight_files(self.cfg)
        name = Path(self.cfg.filename or '').stem
        state = self.model.state_dict()
        write_model_folder(
            save_directory,
            state,
            plain,
            name,
            self.model.task.answers,
        )
        write_calibration(save_directory, self.calibration)
        if self.folder and tensors_digest(state) == self.stored_digest:
            copy_graphs(self.folder, save_directory)
        card = save_directory / CARD_FILE
        if card.is_file():  # the mixin keeps an existing card
            text = card.read_text(encoding='utf-8')
            write_whole(card, self._with_calibration(text))

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Return the card of the model.

        Args:
            *args (Any): None; the mixin's signature has them.
            **kwargs (Any): Arguments of :class:`ModelFacts`.

        Returns:
            ModelCard: A card of these facts; without any, that of the folder
            which the model was loaded from.

        Raises:
            TypeError: If a fact is unknown.
        """
        card = self._file(CARD_FILE)
        if card is not None and not kwargs:
            text = card.read_text(encoding='utf-8')
            return ModelCard(
                self._with_calibration(text), ignore_metadata_errors=True
            )
        return make_card(
            ModelFacts(*args, **kwargs),
            self.model,
            self.cfg,
            self.calibration,
        )

    def _with_calibration(self, card: str) -> str:
        """Return a card that does not describe an earlier calibration."""
        if self.calibration == self.stored_calibration:
            return card
        return replace_calibration(card, self.calibration)

    def _file(self, name: str) -> Path | None:
        """Return a file of the folder that the model was loaded from."""
        if self.folder is None:
            return None
        path = Path(os.fspath(self.folder), name)
        return path if path.is_file() else None
