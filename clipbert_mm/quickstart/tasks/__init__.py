# Copyright (c) clipbert_mm contributors.
"""Tasks of the quickstart, by the name that ``--task`` takes."""

from .answers import run_answers
from .easy_vqa import run_easy_vqa
from .pretrain import run_pretrain
from .retrieval import run_retrieval

RUNS = {
    'retrieval': run_retrieval,
    'qa': run_answers,
    'mc': run_answers,
    'pretrain': run_pretrain,
    'easy-vqa': run_easy_vqa,
}
