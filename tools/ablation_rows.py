# Copyright (c) clipbert_mm contributors.
"""The rows of the paper's ablations, Tables 1 to 6, with its figures."""

from typing import NamedTuple

BERT = 'bert-base-uncased'


class Row(NamedTuple):
    """A row of a table: what it changes, and what the paper measured."""

    table: int
    name: str  # of its configs
    label: str  # in the README
    retrieval: tuple[float, float, float, float]  # R@1, R@5, R@10, MdR
    qa: float  # accuracy
    img_size: int = 448
    clip_len: int = 1  # frames of a clip of one second
    num_train_clips: int = 1
    num_test_clips: int = 1
    train_mode: str = 'random'
    aggregation: str = 'lse'
    temporal_fusion: str = 'mean'
    cnn: str | None = None  # checkpoint of the CNN; None: as pretrained
    bert: str | None = None  # 'random', BERT; None: as pretrained
    frozen: tuple[str, ...] = ()
    same_as: str | None = None  # the name of the row that it repeats


def clips(
    table: int,
    name: str,
    label: str,
    retrieval: tuple[float, float, float, float],
    qa: float,
    num_train_clips: int,
    aggregation: str = 'lse',
    train_mode: str = 'random',
    same_as: str | None = None,
) -> Row:
    """A row of Tables 3 and 4, which test with 16 clips."""
    return Row(
        table,
        name,
        label,
        retrieval,
        qa,
        num_train_clips=num_train_clips,
        num_test_clips=16,
        aggregation=aggregation,
        train_mode=train_mode,
        same_as=same_as,
    )


BASE, ONE = 'table1_l448', 'table3_1'
ROWS = (
    Row(
        1, 'table1_l224', 'L = 224', (6.8, 24.4, 35.8, 20), 35.78, img_size=224
    ),
    Row(1, BASE, 'L = 448', (10.2, 28.6, 40.5, 17), 35.73),
    Row(
        1,
        'table1_l768',
        'L = 768',
        (11.0, 27.8, 40.9, 16),
        35.73,
        img_size=768,
    ),
    Row(
        1,
        'table1_l1000',
        'L = 1000',
        (10.0, 28.4, 39.4, 18),
        35.19,
        img_size=1000,
    ),
    Row(2, 'table2_1', 'T = 1', (10.2, 28.6, 40.5, 17), 35.73, same_as=BASE),
    Row(
        2,
        'table2_mean-2',
        'mean pooling, T = 2',
        (11.3, 31.7, 44.9, 14),
        36.02,
        clip_len=2,
    ),
    Row(
        2,
        'table2_mean-4',
        'mean pooling, T = 4',
        (10.8, 30.0, 43.6, 14),
        35.83,
        clip_len=4,
    ),
    Row(
        2,
        'table2_mean-8',
        'mean pooling, T = 8',
        (10.6, 32.5, 45.0, 13),
        35.69,
        clip_len=8,
    ),
    Row(
        2,
        'table2_mean-16',
        'mean pooling, T = 16',
        (11.6, 33.9, 45.8, 13),
        36.05,
        clip_len=16,
    ),
    Row(
        2,
        'table2_conv3d-2',
        'Conv3D, T = 2',
        (8.7, 27.3, 40.2, 17),
        34.85,
        clip_len=2,
        temporal_fusion='conv3d',
    ),
    Row(
        2,
        'table2_conv3d-16',
        'Conv3D, T = 16',
        (10.1, 28.9, 41.7, 16),
        35.03,
        clip_len=16,
        temporal_fusion='conv3d',
    ),
    Row(
        2,
        'table2_conv2plus1d-2',
        'Conv(2+1)D, T = 2',
        (7.3, 24.1, 35.6, 22),
        34.13,
        clip_len=2,
        temporal_fusion='conv2plus1d',
    ),
    Row(
        2,
        'table2_conv2plus1d-16',
        'Conv(2+1)D, T = 16',
        (9.9, 27.3, 39.6, 17),
        33.92,
        clip_len=16,
        temporal_fusion='conv2plus1d',
    ),
    clips(3, ONE, 'N_train = 1', (12.7, 34.5, 48.8, 11), 36.24, 1),
    clips(
        3,
        'table3_mean-2',
        'mean pooling, N_train = 2',
        (13.3, 37.1, 50.6, 10),
        35.94,
        2,
        'mean',
    ),
    clips(
        3,
        'table3_mean-4',
        'mean pooling, N_train = 4',
        (14.0, 38.6, 51.6, 10),
        35.40,
        4,
        'mean',
    ),
    clips(
        3,
        'table3_mean-8',
        'mean pooling, N_train = 8',
        (13.4, 36.4, 49.7, 11),
        35.76,
        8,
        'mean',
    ),
    clips(
        3,
        'table3_mean-16',
        'mean pooling, N_train = 16',
        (15.2, 39.4, 53.1, 9),
        35.33,
        16,
        'mean',
    ),
    clips(
        3,
        'table3_max-2',
        'max pooling, N_train = 2',
        (8.5, 28.7, 42.2, 14),
        36.41,
        2,
        'max',
    ),
    clips(
        3,
        'table3_max-16',
        'max pooling, N_train = 16',
        (12.5, 33.1, 46.8, 12),
        36.25,
        16,
        'max',
    ),
    clips(
        3,
        'table3_lse-2',
        'LogSumExp, N_train = 2',
        (15.5, 38.4, 52.6, 9),
        36.59,
        2,
    ),
    clips(
        3,
        'table3_lse-16',
        'LogSumExp, N_train = 16',
        (17.4, 41.5, 55.5, 8),
        36.16,
        16,
    ),
    clips(
        4,
        'table4_dense-16',
        'dense uniform, N_train = 16',
        (15.5, 39.6, 55.0, 9),
        35.88,
        16,
        train_mode='dense_uniform',
    ),
    clips(
        4,
        'table4_sparse-1',
        'sparse random, N_train = 1',
        (12.7, 34.5, 48.8, 11),
        36.24,
        1,
        same_as=ONE,
    ),
    clips(
        4,
        'table4_sparse-2',
        'sparse random, N_train = 2',
        (15.5, 38.4, 52.6, 9),
        36.59,
        2,
        same_as='table3_lse-2',
    ),
    clips(
        4,
        'table4_sparse-4',
        'sparse random, N_train = 4',
        (15.7, 41.9, 55.3, 8),
        36.67,
        4,
    ),
    Row(
        5,
        'table5_random-random',
        'CNN random, transformer random',
        (0.3, 0.4, 0.9, 506),
        28.05,
        cnn='random',
        bert='random',
    ),
    Row(
        5,
        'table5_random-bert',
        'CNN random, BERT-base',
        (0.0, 0.2, 0.7, 505),
        31.72,
        cnn='random',
        bert=BERT,
    ),
    Row(
        5,
        'table5_tsn-bert',
        'TSN on Kinetics-700, BERT-base',
        (5.7, 22.1, 33.1, 23),
        35.40,
        cnn='tsn-k700_r50',
        bert=BERT,
    ),
    Row(
        5,
        'table5_imagenet-bert',
        'ImageNet, BERT-base',
        (7.2, 23.3, 35.6, 21),
        35.01,
        cnn='imagenet_r50',
        bert=BERT,
    ),
    Row(
        5,
        'table5_gridfeat-bert',
        'grid-feat, BERT-base',
        (7.4, 21.0, 30.7, 26),
        35.27,
        cnn='grid-feats_r50',
        bert=BERT,
    ),
    Row(
        5,
        'table5_pretrained',
        'image-text pretraining',
        (10.2, 28.6, 40.5, 17),
        35.73,
        same_as=BASE,
    ),
    Row(
        6,
        'table6_frozen-both',
        'F_v and F_l frozen',
        (8.0, 27.2, 38.9, 17),
        35.78,
        frozen=('cnn', 'text'),
    ),
    Row(
        6,
        'table6_frozen-cnn',
        'F_v frozen',
        (9.0, 27.5, 39.4, 18),
        35.50,
        frozen=('cnn',),
    ),
    Row(
        6,
        'table6_end-to-end',
        'both trained',
        (10.2, 28.6, 40.5, 17),
        35.73,
        same_as=BASE,
    ),
)
TITLES = {
    1: 'Table 1: size of the frames',
    2: 'Table 2: frames of a clip, and their fusion (clips of one second)',
    3: 'Table 3: training clips, and their aggregation (16 test clips)',
    4: 'Table 4: sparse random against dense uniform sampling (16 test clips)',
    5: 'Table 5: initialisation',
    6: 'Table 6: end-to-end training',
}
