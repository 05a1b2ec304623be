# ClipBERT, MSR-VTT text-to-video retrieval, tested with the clip cascade:
# approximate scores, about six times fewer passes.
#
#     tools/dist_test.sh configs/clipbert_msrvtt_ret_cascade.py CHECKPOINT 8
#
# The model is that of clipbert_msrvtt_ret.py, and so is its checkpoint. All
# pairs of a text and a video are scored with 2 of the 16 test clips; the other
# 14 are scored for the 50 best videos of each text and 50 best texts of each
# video. Every finished video is kept below the work folder: start the command
# again after a kill, with any number of GPUs, and it resumes from there.
#
# Exact scores, resumable too: --cfg-options test_cfg.cascade=None
# Reranking the candidates of another model, JSON lines of
# {"text_id": 7, "video_ids": ["video7020", ...]}:
#     --cfg-options test_cfg.cascade.candidates=top50.jsonl
# What the cascade costs in recall: not measured on MSR-VTT. The settings are
# those that kept R@1 within 0.5 and R@5 and R@10 within 1.3 points in
# tools/analysis/cascade_simulation.py, where clips differ as much as pairs.
_base_ = ['clipbert_msrvtt_ret.py']

test_cfg = dict(
    _delete_=True,
    type='PairScoringLoop',
    store='scores',  # below the work folder
    autocast=None,  # 'bfloat16' is faster on GPUs; scores differ a little
    cascade=dict(
        first_clips=2,  # of num_test_clips = 16
        videos_per_text=50,
        texts_per_video=50,
    ),
)
