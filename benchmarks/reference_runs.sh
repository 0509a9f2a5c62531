#!/usr/bin/env bash
# The reference runs that the book shows, into nnbcd/experiments/runs.
# About two hours on two cores. A run that has its record is not made again and one that
# was cut goes on: start this as often as needed. Options are passed on, as in
#     benchmarks/reference_runs.sh --device cuda
set -euo pipefail
cd "$(dirname "$0")/.."

reproduce() {  # experiment, options; a "NO" certificate is a result too
    python -m nnbcd reproduce "$@" --compact nnbcd/experiments/runs || [ $? -eq 1 ]
}

# What the pages show, arm by arm; --length instead of the planned sweeps.
reproduce lenet-flares --seeds 0 1 2 "$@"
reproduce har-4 --arms adam --seeds 0 1 2 --length 20 "$@"
reproduce har-4 --arms adam-dense --length 20 "$@"
reproduce har-4 --arms dense --seeds 0 1 2 --length 6 "$@"
reproduce har-4 --arms consistent --seeds 0 1 2 --length 3 "$@"
reproduce har-4 --arms constraint --seeds 0 1 2 --length 15 "$@"
reproduce har-4 --arms penalty --seeds 0 1 2 --length 60 "$@"
reproduce hyperparameters --length 5 "$@"
reproduce inits --length 5 "$@"
reproduce mnist-cnn --arms adam adam-dense --seeds 0 1 2 --length 5 "$@"
reproduce mnist-cnn --arms penalty --length 12 "$@"
reproduce mnist-cnn --arms consistent --length 3 "$@"
