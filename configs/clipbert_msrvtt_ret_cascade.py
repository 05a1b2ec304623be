# ClipBERT, MSR-VTT text-to-video retrieval, tested with the clip cascade:
# approximate scores, about six times fewer passes.
#
#     tools/dist_test.sh configs/clipbert_msrvtt_ret_cascade.py CHECKPOINT 8
#
# Model and CHECKPOINT are those of clipbert_msrvtt_ret.py. All pairs of a text
# and a video are scored with 2 of the 16 test clips. The other 14 are scored
# only for the 50 best videos of each text and the 50 best texts of each video.
# Scores of finished videos are stored below the work folder: after a crash the
# same command resumes from them, with any number of GPUs.
#
# Exact scores, resumable too: --cfg-options test_cfg.cascade=None
# Reranking the candidates of another model, JSON lines of
# {"text_id": 7, "video_ids": ["video7020", ...]}:
#     --cfg-options test_cfg.cascade.candidates=top50.jsonl
# The loss of recall is not measured on MSR-VTT. In a simulation in which clips
# differ as much as pairs (python -m tools.benchmarks.cascade simulation) these
# settings kept R@1 within 0.5 and R@5 and R@10 within 1.3 points.
_base_ = ['clipbert_msrvtt_ret.py']

test_cfg = dict(
    _delete_=True,
    type='PairScoringLoop',
    store='scores',  # below the work folder
    autocast=None,  # 'bfloat16' is faster on GPUs; scores differ slightly
    cascade=dict(
        first_clips=2,  # of num_test_clips = 16
        videos_per_text=50,
        texts_per_video=50,
    ),
)
