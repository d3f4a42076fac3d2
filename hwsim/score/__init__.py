"""What a run was worth."""

from hwsim.score.judge import Judgement, NotFiniteError, interval, judge
from hwsim.score.parts import SPENT, by_part, worst
from hwsim.score.row import Score, columns, write_table

__all__ = [
    "SPENT",
    "Judgement",
    "NotFiniteError",
    "Score",
    "by_part",
    "columns",
    "interval",
    "judge",
    "worst",
    "write_table",
]
