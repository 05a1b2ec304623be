#!/usr/bin/env bash
# Train, test and use a small ClipBERT on generated videos. Makes a virtual
# environment first if there is none: see tools/setup_env.sh.
#   tools/quickstart.sh [options of tools/quickstart.py, see --help]
set -euo pipefail

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
RUN_PYTHON=$(bash "$TOOLS/setup_env.sh" quickstart)

exec "$RUN_PYTHON" "$TOOLS/quickstart.py" "$@"
