#!/usr/bin/env bash
# Run the tests in a virtual environment, which is created on the first call.
#   tools/run_tests.sh [options of pytest]
# Installing takes a few minutes (see tools/setup_env.sh), testing a quarter of
# an hour on two cores. A process more than there are cores runs tests, because
# some of them wait, at most four; `-n 0` runs all of them in one process, and
# `-m 'not slow'` leaves out whole training runs.
set -euo pipefail

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=$(dirname "$TOOLS")
RUN_PYTHON=$(bash "$TOOLS/setup_env.sh" tests)

cd "$ROOT"
export PATH="$(dirname "$RUN_PYTHON"):$PATH" # for scripts that the tests run
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
processes=$("$RUN_PYTHON" -c \
    'import os; print(min(len(os.sched_getaffinity(0)) + 1, 4))')
status=0
"$RUN_PYTHON" -m pytest -n "$processes" --dist worksteal "$@" || status=$?
echo
if [ "$status" -eq 0 ]; then
    echo "The tests passed. Next: tools/quickstart.sh trains a small ClipBERT"
    echo "and searches videos with it."
else
    echo "pytest ended with status $status. Next: rerun the failed tests with"
    echo "tools/run_tests.sh --last-failed -x"
fi
exit "$status"
