# Copyright (c) clipbert_mm contributors.
"""Let MMEngine's ``compile`` compile only the parts that a model names.

MMEngine compiles the whole step, including the data preprocessor, the
optimizer and the handling of data samples. TorchDynamo cannot trace these,
and recompiles for each length of the texts.
"""

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

_compile_step = Runner._maybe_compile


def compile_parts_of_models() -> str:
    """Let ``compile`` of a config call ``compile_parts`` of the model.

    Models without this method are compiled as before.

    Returns:
        str: Reason of the repair.

    Example:
        >>> compile_parts_of_models()  # doctest: +SKIP
        'MMEngine compiles whole steps, with data samples and the optimizer'
    """
    Runner._maybe_compile = _compile_parts
    return 'MMEngine compiles whole steps, with data samples and the optimizer'


def _compile_parts(runner: Runner, target: str) -> None:
    """Compile the parts of a model, or a step of a model without parts."""
    options = runner.cfg.get('compile')
    model = runner.model
    bare = model.module if is_model_wrapper(model) else model
    compile_parts = getattr(bare, 'compile_parts', None)
    if options in (None, False) or compile_parts is None:
        _compile_step(runner, target)
        return
    compile_parts(**({} if options is True else options))
    runner.logger.info(
        'Parts of the model are compiled when they first run, which takes '
        'minutes; see compile_parts of the model.'
    )
