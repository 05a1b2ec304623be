#!/usr/bin/env bash
# Make the virtual environment of this checkout, or bring it up to date.
#   tools/setup_env.sh quickstart|tests|dev
# Prints the path of its python on standard output and progress on standard
# error. The environment is .venv in the checkout, or $CLIPBERT_VENV; $PYTHON
# (python3) makes it. Does nothing when the requirements have not changed.
set -euo pipefail

SET=${1:-}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=${CLIPBERT_VENV:-$ROOT/.venv}
PYTHON=${PYTHON:-python3}
if [ ! -f "$ROOT/requirements/$SET.txt" ] || [ ! -f "$ROOT/setup.py" ]; then
    echo "Usage, in a checkout: tools/setup_env.sh quickstart|tests|dev" >&2
    exit 2
fi

say() { echo "[setup] $*" >&2; }
pip() { "$VENV/bin/python" -m pip --disable-pip-version-check "$@" >&2; }

if [ ! -x "$VENV/bin/python" ]; then
    say "making the virtual environment $VENV"
    if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
        say "Python 3.10 or newer is needed, but '$PYTHON' is not one." \
            "Name another with PYTHON=/path/to/python3."
        exit 1
    fi
    if ! "$PYTHON" -m venv "$VENV" >&2; then
        say "'$PYTHON -m venv' failed. On Debian and Ubuntu it needs" \
            "'apt-get install python3-venv'."
        exit 1
    fi
fi

# The environment is up to date if it was finished with the same inputs.
STAMP="$VENV/.clipbert_mm-$SET"
STATE=$(cd "$ROOT" && cat setup.py pyproject.toml constraints.txt \
    clipbert_mm/version.py requirements/*.txt tools/setup_env.sh \
    | "$VENV/bin/python" -c 'import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest(), sys.argv[1])' \
        "$ROOT")
if [ "$(cat "$STAMP" 2> /dev/null)" = "$STATE" ]; then
    say "$VENV is up to date"
    echo "$VENV/bin/python"
    exit 0
fi

# The tested versions need Python 3.11; on 3.10 pip chooses older ones.
CONSTRAINTS=(-c "$ROOT/constraints.txt")
if ! "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
then
    say "Python 3.10: installing without the tested versions"
    CONSTRAINTS=()
fi
say "installing PyTorch and the host packages (about two minutes, 2 GB)"
# PyTorch in exactly this version, so that pip takes a local wheel of it.
pip install "${CONSTRAINTS[@]}" torch==2.13.0 'setuptools<82' \
    -r "$ROOT/requirements/$SET.txt"
say "installing clipbert_mm from $ROOT"
pip install --no-build-isolation --no-deps -e "$ROOT"

# mmengine and mmcv-lite require opencv-python, mmaction2 requires
# opencv-contrib-python: desktop builds that load libGL, which slim images
# lack, and whose files lie in the same folder cv2. Where that fails, both
# give way to the one headless build that contains the modules of both; pip
# then reports the two as missing (`pip check`), which is harmless. They come
# back with every later pip install, and then give way again.
HEADLESS=opencv-contrib-python-headless
LOADS=true
ERROR=$("$VENV/bin/python" -c 'import cv2' 2>&1) || LOADS=false
if [ $LOADS = false ] \
    && [[ $ERROR != *'cannot open shared object file'* ]]; then
    echo "$ERROR" >&2
    exit 1
fi
if [ $LOADS = false ] \
    || "$VENV/bin/python" -m pip show -q $HEADLESS 2> /dev/null; then
    REASON=${ERROR##*$'\n'}
    say "taking OpenCV's headless build, without libGL${REASON:+ ($REASON)}"
    VERSION=$("$VENV/bin/python" -c 'import importlib.metadata as metadata
print(metadata.version("opencv-contrib-python"))')
    pip uninstall -y opencv-python opencv-contrib-python \
        opencv-python-headless $HEADLESS
    pip install --no-deps "$HEADLESS==$VERSION"
    "$VENV/bin/python" -c 'import cv2'
fi

echo "$STATE" > "$STAMP"
say "$VENV is ready"
echo "$VENV/bin/python"
