"""NN-BCD: compressed networks by block coordinate descent, certified."""

from nnbcd.activations import (
    AbsoluteValue,
    HardTanh,
    Identity,
    LeakyReLU,
    ReLU,
    ReLU6,
)
from nnbcd.certificate import Certificate
from nnbcd.checkpoint import Checkpoint, CheckpointWarning
from nnbcd.deploy.errors import LoadError
from nnbcd.deploy.files import load, save
from nnbcd.distributed import LostProcessError, Processes
from nnbcd.group import OutOfStepError
from nnbcd.history import BlockRecord, History, SweepRecord
from nnbcd.inputs import UnscaledFeaturesWarning
from nnbcd.linalg import SingularMatrixError
from nnbcd.losses import CrossEntropy, Hinge, Squared
from nnbcd.network import Conv2d, Dense, LargerThanDenseWarning, Network
from nnbcd.plan import Plan, TooLargeError
from nnbcd.pretrained import Compressed, compress
from nnbcd.problem import Penalties, Problem
from nnbcd.result import Result, Status
from nnbcd.schedules import Gradual
from nnbcd.solver import Solver
from nnbcd.state import State
from nnbcd.structures import Free, LowRank, Sparse, TensorTrain
from nnbcd.sweep import AscentError

__version__ = "0.1.0.dev0"

__all__ = [
    "AbsoluteValue",
    "AscentError",
    "BlockRecord",
    "Certificate",
    "Checkpoint",
    "CheckpointWarning",
    "Compressed",
    "Conv2d",
    "CrossEntropy",
    "Dense",
    "Free",
    "Gradual",
    "HardTanh",
    "Hinge",
    "History",
    "Identity",
    "LargerThanDenseWarning",
    "LeakyReLU",
    "LoadError",
    "LostProcessError",
    "LowRank",
    "Network",
    "OutOfStepError",
    "Penalties",
    "Plan",
    "Problem",
    "Processes",
    "ReLU",
    "ReLU6",
    "Result",
    "SingularMatrixError",
    "Solver",
    "Sparse",
    "Squared",
    "State",
    "Status",
    "SweepRecord",
    "TensorTrain",
    "TooLargeError",
    "UnscaledFeaturesWarning",
    "__version__",
    "compress",
    "load",
    "save",
]
