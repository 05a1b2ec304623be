# Copyright (c) clipbert_mm contributors.
"""Benchmarks of loading, training and scoring; run them from the checkout.

Each has one front door::

    python -m tools.benchmarks.loading
    python -m tools.benchmarks.training
    python -m tools.benchmarks.lora
    python -m tools.benchmarks.scoring
    python -m tools.benchmarks.cascade simulation
    python -m tools.benchmarks.cascade gallery work_dirs/quickstart
    python -m tools.benchmarks.flops clipbert_msrvtt_ret
"""
