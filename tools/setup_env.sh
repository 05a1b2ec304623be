#!/usr/bin/env bash
# Create the virtual environment of this checkout, or bring it up to date.
#   tools/setup_env.sh quickstart|tests|dev
# Prints the path of its Python to standard output and progress to standard
# error. The environment is .venv in the checkout, or $CLIPBERT_VENV, and is
# created by $PYTHON (python3). Unchanged requirements are not installed again.
# For tests and dev it also installs Debian's ffmpeg and chromium, if they are
# missing and the user is root or may use sudo without a password.
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

# torchcodec, a decoder that the tests read videos with, loads FFmpeg's shared
# libraries, which no package of PyPI brings it.
has_ffmpeg() {
    [[ $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2> /dev/null) \
        == *libavdevice.so.* ]]
}
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
# install PACKAGE PURPOSE: Debian's package, if possible.
install() {
    if command -v apt-get > /dev/null && as_root true 2> /dev/null; then
        say "installing Debian's $1, $2"
        as_root apt-get -q update >&2 \
            && as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get -q install -y --no-install-recommends "$1" >&2 \
            || true
    fi
}
if [ "$SET" != quickstart ] && ! has_ffmpeg; then
    install ffmpeg 'whose libraries torchcodec loads'
    has_ffmpeg \
        || say "FFmpeg's shared libraries are missing: the tests of" \
            "torchcodec are skipped. Install FFmpeg 4 to 8 with them, for" \
            "example with 'sudo apt-get install ffmpeg'."
fi
if [ "$SET" != quickstart ] && ! command -v chromium > /dev/null; then
    install chromium 'with which tests look at the page of clipbert-mm serve'
    command -v chromium > /dev/null \
        || say "chromium is missing: the tests that need a browser are" \
            "skipped. Install it with 'sudo apt-get install chromium'."
fi

if [ ! -x "$VENV/bin/python" ]; then
    say "creating the virtual environment $VENV"
    if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
        say "Python 3.10 or newer is needed, but '$PYTHON' is older or" \
            "missing. Choose another with PYTHON=/path/to/python3."
        exit 1
    fi
    if ! "$PYTHON" -m venv "$VENV" >&2; then
        say "'$PYTHON -m venv' failed. On Debian and Ubuntu it needs" \
            "'apt-get install python3-venv'."
        exit 1
    fi
fi

# The environment is up to date if it was completed from the same inputs.
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
# Exactly this version of PyTorch, so that pip can use a local wheel.
pip install "${CONSTRAINTS[@]}" torch==2.13.0 'setuptools<82' \
    -r "$ROOT/requirements/$SET.txt"
say "installing clipbert_mm from $ROOT"
pip install --no-build-isolation --no-deps -e "$ROOT"

# mmengine and mmcv-lite require opencv-python, mmaction2 requires
# opencv-contrib-python. Both are desktop builds, share the folder cv2 and load
# libGL, which slim container images lack. Where loading fails, one headless
# build with the modules of both replaces them. `pip check` then reports the
# two as missing, which is harmless. Every later pip install brings them back,
# and they are replaced again.
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
    say "installing OpenCV's headless build, without libGL${REASON:+ ($REASON)}"
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
