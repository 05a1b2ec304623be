# Copyright (c) clipbert_mm contributors.
"""The hook that puts the texts of a test into its batches."""

from types import SimpleNamespace

import torch

from clipbert_mm.engine import TextBankHook

IDS = torch.tensor([[2, 7, 3], [2, 3, 0]])


class Captions:
    """Dataset with two captions."""

    def caption_bank(self) -> dict[str, torch.Tensor]:
        return dict(input_ids=IDS, attention_mask=(IDS > 0).long())


def runner_of(**datasets: object) -> SimpleNamespace:
    """A runner that has nothing but dataloaders."""
    return SimpleNamespace(
        **{
            f'{split}_dataloader': SimpleNamespace(dataset=dataset)
            for split, dataset in datasets.items()
        }
    )


def test_text_bank_hook__each_batch_gets_the_texts_of_its_dataset() -> None:
    runner = runner_of(val=Captions(), test=object())
    batch: dict = {}
    TextBankHook().before_val_iter(runner, 0, batch)
    assert torch.equal(batch['text_bank'].input_ids, IDS)
    assert batch['text_bank'].lengths().tolist() == [3, 2]
    batch = {}
    TextBankHook().before_test_iter(runner, 0, batch)
    assert batch == {}


def test_text_bank_hook__keeps_nothing() -> None:
    hook = TextBankHook()
    before = dict(vars(hook))
    hook.before_test_iter(runner_of(test=Captions()), 0, {})
    assert vars(hook) == before
