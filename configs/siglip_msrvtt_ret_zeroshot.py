# SigLIP's similarity on sparse clips, MSR-VTT text-to-video retrieval.
#
#     tools/dist_test.sh configs/siglip_msrvtt_ret_zeroshot.py none 8
#
# SigLIP reads the padding of a text, to 64 tokens; frames lose their aspect
# ratio. Not measured here.
_base_ = ['clip_msrvtt_ret_zeroshot.py']

settings = dict(
    pretrained='google/siglip-base-patch16-224',
    tokenizer='google/siglip-base-patch16-224',
    max_txt_len=64,
    fit='stretch',
    text_padding='max_length',
)
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],
        std=[127.5, 127.5, 127.5],
        pad_texts_to=1,  # nothing after the padding that the model reads
    ),
)
