#!/usr/bin/env bash
# The reference runs that the book shows, into nnbcd/experiments/runs.
# A run that has its record is not made again and one that was cut goes on
# from its checkpoint: start this as often as needed.
#
#     benchmarks/reference_runs.sh          the short ones, about three hours
#     benchmarks/reference_runs.sh long     the long ones, about a day
#     benchmarks/reference_runs.sh list     print the long ones, run nothing
#
# Other options are passed on, as in
#     benchmarks/reference_runs.sh long --device cuda
set -euo pipefail
cd "$(dirname "$0")/.."

which=short
case "${1:-}" in
    long | list | short) which=$1; shift ;;
esac

reproduce() {  # experiment, options; a "NO" certificate is a result too
    if [ "$which" = list ]; then
        echo "python -m nnbcd reproduce $* --compact nnbcd/experiments/runs"
        return
    fi
    python -m nnbcd reproduce "$@" --compact nnbcd/experiments/runs \
        || [ $? -eq 1 ]
}

short() {
    # What the pages show, arm by arm; --length instead of the planned sweeps.
    reproduce lenet-flares --seeds 0 1 2 "$@"
    reproduce har-4 --arms adam --seeds 0 1 2 --length 20 "$@"
    reproduce har-4 --arms adam-dense --length 20 "$@"
    reproduce har-4 --arms dense --seeds 0 1 2 --length 6 "$@"
    reproduce har-4 --arms consistent --seeds 0 1 2 --length 3 "$@"
    reproduce har-4 --arms constraint --seeds 0 1 2 --length 15 "$@"
    reproduce har-4 --arms penalty penalty-guarded penalty-als \
        --seeds 0 1 2 --length 60 "$@"
    reproduce hyperparameters --length 5 "$@"
    reproduce inits --length 5 "$@"
    reproduce mnist-cnn --arms adam adam-dense --seeds 0 1 2 --length 5 "$@"
    reproduce mnist-cnn --arms penalty penalty-guarded penalty-als \
        --length 12 "$@"
    reproduce mnist-cnn --arms consistent --length 3 "$@"
    reproduce har-4 --start released --length 30 "$@"
    reproduce har-5 --start released --length 30 "$@"
}

long() {
    # From the authors' start, beside their log.
    reproduce mnist-cnn --start released --full --length 150 "$@"
    reproduce mnist-cnn --start released --full --arms rank-220 \
        --length 30 "$@"
    # To the length of the paper, or towards it.
    reproduce lenet-flares --full --arms penalty released --seeds 0 1 2 "$@"
    reproduce har-4 --full --arms penalty --seeds 0 1 2 "$@"
    reproduce har-5 --full --arms penalty --seeds 0 "$@"
    reproduce flares-inits --full --seeds 0 1 2 "$@"
    starts=(kaiming-normal kaiming-uniform xavier-normal xavier-uniform
        lecun-normal lecun-uniform orthogonal uniform)
    reproduce inits --full --arms "${starts[@]/#/penalty-}" --seeds 0 \
        --length 200 "$@"
    reproduce har-5-inits --full --seeds 0 --length 100 "$@"
    reproduce har-5-grid --full --seeds 0 --length 50 "$@"
    reproduce decompositions --full --seeds 0 --length 11 "$@"
}

case $which in
    short)
        short "$@"
        echo "The long runs: benchmarks/reference_runs.sh long"
        which=list
        long "$@"
        ;;
    *) long "$@" ;;
esac
