#!/usr/bin/env bash
# Test on a Slurm cluster.
#   tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]
# GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and SRUN_ARGS say what to
# ask for; MASTER_PORT, random by default, must be free on the first node.
set -euo pipefail

if [ $# -lt 4 ]; then
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
fi
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
if [ -d "$TOOLS/../clipbert_mm" ]; then # a checkout, installed or not
    export PYTHONPATH="$(dirname "$TOOLS")${PYTHONPATH:+:$PYTHONPATH}"
fi
export MASTER_PORT="${MASTER_PORT:-$((12000 + RANDOM % 20000))}"
read -r -a SRUN_OPTIONS <<< "${SRUN_ARGS:-}"

exec srun -p "$1" \
    --job-name="$2" \
    --gres="gpu:${GPUS_PER_NODE:-8}" \
    --ntasks="${GPUS:-8}" \
    --ntasks-per-node="${GPUS_PER_NODE:-8}" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 \
    "${SRUN_OPTIONS[@]}" \
    python -u "$TOOLS/test.py" "$3" "$4" --launcher slurm "${@:5}"
