#!/usr/bin/env bash
# The reference runs that the book shows, into nnbcd/experiments/runs.
# Hours on two cores. A run that has its record is not made again and one that
# was cut goes on: start this as often as needed. Options are passed on, as in
#     benchmarks/reference_runs.sh --device cuda
set -euo pipefail
cd "$(dirname "$0")/.."

reproduce() {  # experiment, options; a "NO" certificate is a result too
    python -m nnbcd reproduce "$@" --compact nnbcd/experiments/runs || [ $? -eq 1 ]
}

# Short ones first: each line leaves something to show.
reproduce digits --full "$@"
reproduce lenet-flares --full "$@"
reproduce har-4 --quick --seeds 0 1 2 "$@"
reproduce har-4 --full --arms adam adam-low-rank spectral adam-dense "$@"
reproduce har-4 --full --arms dense low-rank consistent "$@"
reproduce har-4 --full --arms constraint penalty plain-bcd "$@"
reproduce inits --quick "$@"
reproduce hyperparameters --quick "$@"
reproduce mnist-cnn --quick --seeds 0 1 2 "$@"
reproduce mnist-cnn --full --seeds 0 --arms adam adam-dense consistent "$@"
reproduce har-5 --full --seeds 0 --arms penalty consistent adam "$@"
