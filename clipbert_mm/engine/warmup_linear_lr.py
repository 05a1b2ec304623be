# Copyright (c) clipbert_mm contributors.
"""Learning rate schedule: linear warm-up, then linear decay to 0."""

from mmaction.registry import PARAM_SCHEDULERS
from mmengine.optim import OptimWrapper
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler

from clipbert_mm.utils.checks import check_fraction

SMALLEST_LR = 1e-8


def warmup_linear_factor(step: int, total: int, warmup: int) -> float:
    """Return the factor of the base rate at a step.

    Args:
        step (int): Number of the step, counted from 1.
        total (int): Steps of the run; the factor is 0 at the last.
        warmup (int): Steps in which the factor grows from 0 to 1.

    Returns:
        float: Factor in [0, 1].

    Example:
        >>> warmup_linear_factor(step=5, total=100, warmup=10)
        0.5
    """
    if step < warmup:
        return step / max(1, warmup)
    return max(0.0, (total - step) / max(1, total - warmup))


@PARAM_SCHEDULERS.register_module()
class WarmupLinearLR(_ParamScheduler):
    """Linear warm-up over a fraction of the run, then linear decay to 0.

    The reference's schedule (``sched.py`` at a118b02): the update number
    counts from 1, and a rate of 0 becomes 1e-8. MMEngine's ``LinearLR``
    cannot start at 0, and two schedulers joined end to start round the
    warm-up to epochs.

    Args:
        optimizer (OptimWrapper): Optimiser that the runner passes.
        end (int): Iterations of the run; in a config with ``by_epoch=True``
            and ``convert_to_iter_based=True``, epochs.
        warmup_ratio (float): Fraction of the warm-up. Defaults to 0.1.
        begin (int): First iteration; must be 0. Defaults to 0.
        last_step (int): Last finished step of a resumed run. Defaults to
            -1.
        by_epoch (bool): Must be False once built. Defaults to False.
        verbose (bool): Print each rate. Defaults to False.

    Raises:
        ValueError: If an option is out of range.

    Example:
        >>> param_scheduler = dict(
        ...     type='WarmupLinearLR', end=20, warmup_ratio=0.1,
        ...     by_epoch=True, convert_to_iter_based=True)
    """

    def __init__(
        self,
        optimizer: OptimWrapper,
        end: int,
        warmup_ratio: float = 0.1,
        begin: int = 0,
        last_step: int = -1,
        by_epoch: bool = False,
        verbose: bool = False,
    ) -> None:
        if begin != 0 or by_epoch:
            raise ValueError(
                'WarmupLinearLR counts iterations of the whole run: set '
                'begin=0, and convert_to_iter_based=True next to '
                f'by_epoch=True; got begin={begin}, by_epoch={by_epoch}.'
            )
        check_fraction('warmup_ratio', warmup_ratio)
        self.total = end
        self.warmup = int(warmup_ratio * end)
        super().__init__(
            optimizer,
            'lr',
            begin=0,
            end=end,
            last_step=last_step,
            by_epoch=False,
            verbose=verbose,
        )

    @classmethod
    def build_iter_from_epoch(
        cls,
        optimizer: OptimWrapper,
        end: int,
        epoch_length: int,
        warmup_ratio: float = 0.1,
        begin: int = 0,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> 'WarmupLinearLR':
        """Build from epochs; called by the runner.

        Args:
            optimizer (OptimWrapper): Optimiser that the runner passes.
            end (int): Epochs of the run.
            epoch_length (int): Iterations of an epoch.
            warmup_ratio (float): Fraction of the warm-up. Defaults to 0.1.
            begin (int): First iteration; must be 0. Defaults to 0.
            last_step (int): Last finished step of a resumed run. Defaults to
                -1.
            by_epoch (bool): Must be True. Defaults to True.
            verbose (bool): Print each rate. Defaults to False.

        Returns:
            WarmupLinearLR: Schedule that counts iterations.
        """
        if not by_epoch:
            raise ValueError(
                'convert_to_iter_based=True needs by_epoch=True, '
                f'but got by_epoch={by_epoch}.'
            )
        return cls(
            optimizer,
            end * epoch_length,
            warmup_ratio,
            begin,
            last_step,
            verbose=verbose,
        )

    def _get_value(self) -> list[float]:
        """Return the rate of each parameter group for the next iteration."""
        factor = warmup_linear_factor(
            self.last_step + 1, self.total, self.warmup
        )
        return [
            factor * base_lr or SMALLEST_LR for base_lr in self.base_values
        ]
