# Quickstart, answering questions about event videos, second part, starting
# from the first: one clip of eight frames, as long as most videos. An action
# lasts 1.2 times as long as the time between two frames, so the fraction of
# frames that show it reveals how often it is done.
#
#     tools/quickstart.sh --task qa
_base_ = ['qa_sparse.py']

settings = dict(clip_len=8, num_test_clips=2, max_epochs=2)
load_from = None  # set by the quickstart
