#!/usr/bin/env bash
# Train, test and use a small ClipBERT on videos that are made on the spot, in
# a virtual environment that is made when there is none.
#   tools/quickstart.sh [options of tools/quickstart.py, see --help]
# See tools/setup_env.sh for the environment.
set -euo pipefail

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
RUN_PYTHON=$(bash "$TOOLS/setup_env.sh" quickstart)

PATH="$(dirname "$RUN_PYTHON"):$PATH" exec "$RUN_PYTHON" "$TOOLS/quickstart.py" "$@"
