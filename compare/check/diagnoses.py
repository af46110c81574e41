"""The table of known mistakes, whole. The order decides between formulas that give the same numbers."""

from compare.check.mistakes_backward import BACKWARD_MISTAKES
from compare.check.mistakes_forward import FORWARD_MISTAKES
from compare.check.mistakes_of_scale import MISTAKES_OF_SCALE

SIGNATURES = (*MISTAKES_OF_SCALE, *FORWARD_MISTAKES, *BACKWARD_MISTAKES)
