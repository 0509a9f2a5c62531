"""The command line chooses a coupling where none is named."""

import argparse

import pytest

from nnbcd.commands.method import LIFTED, build_solver, choose_coupling
from nnbcd.commands.train import add_arguments

WORDS = {
    "gamma": "--gamma 1",
    "rho": "--rho 1",
    "tau": "--tau 5",
    "alpha": "--alpha 0",
    "ridge": "--ridge 0",
    "g_step": "--g-step als",
    "acceleration": "--no-acceleration",
    "tol": "--tol 0",
    "warm_start": "--warm-start 3",
}
OTHERS = (
    "",
    "--hidden 8 --structure sparse --sparsity 0.5",
    "--loss hinge --sweeps 3 --scale 1 --gradual 2 --time-limit 9",
)


def solver_of(words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args(words.split())
    choose_coupling(options)
    return build_solver(options)


def test_every_option_of_the_lifted_objective_is_tried():
    assert set(WORDS) == set(LIFTED)


@pytest.mark.parametrize("option", WORDS)
def test_an_option_of_the_lifted_objective_chooses_penalty(option):
    assert solver_of(WORDS[option]).coupling == "penalty"


@pytest.mark.parametrize("words", OTHERS)
def test_without_one_the_solvers_default_is_taken(words):
    assert solver_of(words).coupling == "consistent"


@pytest.mark.parametrize("coupling", ["penalty", "constraint", "consistent"])
@pytest.mark.parametrize("words", ["", "--tau 5"])
def test_a_coupling_that_is_named_is_kept(coupling, words):
    named = f"--coupling {coupling} {words}"
    assert solver_of(named).coupling == coupling
