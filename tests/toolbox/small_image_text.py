# Copyright (c) clipbert_mm contributors.
"""Small image-text models of transformers, in folders of their own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import (
    ByteLevelBPETokenizer,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedModel

from .vocabulary import SPECIAL

TEXT: dict[str, Any] = dict(
    hidden_size=24,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=32,
    vocab_size=50,
)
VISION: dict[str, Any] = dict(
    TEXT, hidden_size=20, image_size=32, patch_size=8
)
END = 49  # the last token of CLIP's texts


def _pair(kind: str, **text: Any) -> dict[str, Any]:
    return dict(
        model_type=kind, text_config=dict(TEXT, **text), vision_config=VISION
    )


_ENDS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=END)
_VILT = dict(
    TEXT,
    model_type='vilt',
    image_size=32,
    patch_size=8,
    max_position_embeddings=10,
)
# The padding of a batch, 0, is another token of RoBERTa's tokenizer.
_ROBERTA = dict(
    pad_token_id=1,
    max_position_embeddings=14,
    num_hidden_layers=4,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
_BRIDGE = dict(
    _pair('bridgetower', **_ROBERTA), hidden_size=24, num_hidden_layers=3
)
_BRIDGE['vision_config'] = dict(VISION, num_hidden_layers=4, hidden_size=64)
_BLIP2 = dict(
    model_type='blip-2',
    vision_config=VISION,
    qformer_config=dict(
        TEXT,
        cross_attention_frequency=1,
        encoder_hidden_size=20,
        use_qformer_text_input=True,
        pad_token_id=0,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    ),
    num_query_tokens=4,
    image_text_hidden_size=16,
)
#: Arguments of small configurations, by model.
OPTIONS: dict[str, dict[str, Any]] = dict(
    blip=_pair('blip', encoder_hidden_size=20, pad_token_id=0, bos_token_id=2),
    blip2=_BLIP2,
    bridgetower=_BRIDGE,
    clip=dict(
        _pair('clip', **_ENDS),
        projection_dim=16,
        logit_scale_init_value=1.0,  # scores that a step can change
    ),
    siglip=_pair('siglip', max_position_embeddings=6, projection_size=20),
    siglip2=_pair('siglip', max_position_embeddings=6, projection_size=20),
    vilt=_VILT,
    vilt_qa=dict(_VILT, num_labels=7),
    vit=dict(VISION, model_type='vit'),
)


def make_pretrained(
    folder: Path, options: dict[str, Any], class_name: str
) -> PreTrainedModel:
    """Write a model with random weights, and return it."""
    torch.manual_seed(0)
    options = dict(options)
    config = transformers.AutoConfig.for_model(
        options.pop('model_type'), **options
    )
    model: PreTrainedModel = getattr(transformers, class_name)(config)
    with torch.no_grad():
        for param in model.parameters():
            if param.ndim:
                torch.nn.init.normal_(param, std=0.3)
        for module in model.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.add_(1)
    model.eval().save_pretrained(folder)
    return model


def write_with_words(
    folder: Path, kind: str, class_name: str, words: Sequence[str]
) -> PreTrainedModel:
    """Write a model with random weights and a tokenizer of some words.

    Args:
        folder (Path): New folder.
        kind (str): Name in :data:`OPTIONS`.
        class_name (str): Class of transformers.
        words (Sequence[str]): Words that the model knows.

    Returns:
        PreTrainedModel: The model.
    """
    if kind in _TOKENIZERS:
        options, write = _TOKENIZERS[kind]
        text = dict(OPTIONS[kind]['text_config'], **options)
        whole = dict(OPTIONS[kind], text_config=text)
        model = make_pretrained(folder, whole, class_name)
        write(folder, words)
        return model
    options = dict(OPTIONS[kind])
    own = dict(
        vocab_size=len(SPECIAL) + len(words),
        pad_token_id=0,
        max_position_embeddings=10,
    )
    if kind == 'clip':
        own['eos_token_id'] = SPECIAL.index('[SEP]')
    part = 'qformer_config' if kind == 'blip2' else 'text_config'
    if part in options:
        options[part] = dict(options[part], **own)
    else:
        options.update(own)
    model = make_pretrained(folder, options, class_name)
    vocabulary = folder / 'vocab.txt'
    vocabulary.write_text('\n'.join([*SPECIAL, *words]))
    settings = dict(tokenizer_class='BertTokenizer')
    (folder / 'tokenizer_config.json').write_text(json.dumps(settings))
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    return model


def _write_byte_tokenizer(folder: Path, words: Sequence[str]) -> None:
    """Write a RoBERTa's tokenizer, of bytes and some frequent pieces."""
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        [' '.join(words)],
        vocab_size=300,
        min_frequency=1,
        special_tokens=['<s>', '<pad>', '</s>', '<unk>', '<mask>'],
        show_progress=False,
    )
    tokenizer.save_model(str(folder))
    settings = dict(tokenizer_class='RobertaTokenizer')
    (folder / 'tokenizer_config.json').write_text(json.dumps(settings))
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)


def write_piece_tokenizer(folder: Path, words: Sequence[str]) -> None:
    """Write a Gemma's tokenizer, with a token for each word or its pieces.

    Args:
        folder (Path): Existing folder.
        words (Sequence[str]): Words from which the pieces are learned.
    """
    special = ['<pad>', '<eos>', '<bos>', '<unk>', '<mask>']
    tokenizer = Tokenizer(
        models.BPE(unk_token='<unk>', fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Replace(' ', '▁')
    tokenizer.pre_tokenizer = pre_tokenizers.Split(' ', 'merged_with_previous')
    trainer = trainers.BpeTrainer(
        vocab_size=50,
        special_tokens=special,
        show_progress=False,
    )
    tokenizer.train_from_iterator([f' {word}' for word in words], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single='$A <eos>', special_tokens=[('<eos>', 1)]
    )
    tokenizer.save(str(folder / 'tokenizer.json'))
    settings = dict(
        tokenizer_class='GemmaTokenizer',
        padding_side='right',
        add_bos_token=False,
        add_eos_token=True,
        pad_token='<pad>',
        eos_token='<eos>',
        bos_token='<bos>',
        unk_token='<unk>',
    )
    (folder / 'tokenizer_config.json').write_text(json.dumps(settings))


# Options of the texts of a model, and the function that writes its tokenizer.
_TOKENIZERS: dict[str, Any] = dict(
    bridgetower=(
        dict(vocab_size=300, max_position_embeddings=40),
        _write_byte_tokenizer,
    ),
    siglip2=(dict(max_position_embeddings=20), write_piece_tokenizer),
)


def frames_and_texts() -> tuple[Tensor, Tensor, Tensor]:
    """Return three frames, and three texts of which one is padded."""
    generator = torch.Generator().manual_seed(1)
    frames = torch.randn(3, 3, 32, 32, generator=generator)
    ids = torch.randint(3, END, (3, 6), generator=generator)
    ids[:, 3] = END
    mask = torch.ones_like(ids)
    ids[1, 4:] = mask[1, 4:] = 0
    return frames, ids, mask
