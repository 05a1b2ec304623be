#!/usr/bin/env bash
# Run the tests, in a virtual environment that is made when there is none.
#   tools/run_tests.sh [options of pytest]
# See tools/setup_env.sh for the environment; a minute or two to install,
# under ten to test on two cores. Two processes or more share the tests, up to
# four; `-n 0` runs them in one.
set -euo pipefail

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=$(dirname "$TOOLS")
RUN_PYTHON=$(bash "$TOOLS/setup_env.sh" tests)

cd "$ROOT"
export PATH="$(dirname "$RUN_PYTHON"):$PATH" # for the scripts under test
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
status=0
"$RUN_PYTHON" -m pytest -n auto --maxprocesses 4 "$@" || status=$?
echo
if [ "$status" -eq 0 ]; then
    echo "The tests passed. Next: tools/quickstart.sh trains a small ClipBERT"
    echo "and searches videos with it; tools/run_tests.sh tests/test_package.py"
    echo "runs one file."
else
    echo "pytest ended with status $status. Next: run the failed tests again"
    echo "with tools/run_tests.sh --last-failed -x"
fi
exit "$status"
