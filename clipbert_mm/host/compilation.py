# Copyright (c) clipbert_mm contributors.
"""Let MMEngine's ``compile`` compile the parts of a model that name them.

MMEngine compiles the whole step: the data preprocessor, the optimizer and the
handling of data samples with it. TorchDynamo cannot trace these, and compiles
anew for each length of the texts.
"""

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

_compile_step = Runner._maybe_compile


def compile_parts_of_models() -> str | None:
    """Let ``compile`` of a config call ``compile_parts`` of the model.

    Models without this method are compiled as before.

    Returns:
        Optional[str]: The reason.

    Example:
        >>> compile_parts_of_models()  # doctest: +SKIP
        'MMEngine compiles whole steps, with data samples and the optimizer'
    """
    Runner._maybe_compile = _compile_parts
    return 'MMEngine compiles whole steps, with data samples and the optimizer'


def _compile_parts(runner: Runner, target: str) -> None:
    options = runner.cfg.get('compile')
    model = runner.model
    bare = model.module if is_model_wrapper(model) else model
    if options in (None, False) or not hasattr(bare, 'compile_parts'):
        _compile_step(runner, target)
        return
    bare.compile_parts(**({} if options is True else options))
    runner.logger.info(
        'Parts of the model are compiled when they first run, which takes '
        'minutes: see compile_parts of the model.'
    )
