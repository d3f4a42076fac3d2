"""What a run was worth."""

from hwsim.score.judge import Judgement, NotFiniteError, interval, judge
from hwsim.score.parts import SPENT, by_part, worst
from hwsim.score.reading import read_answer, read_table
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
    "read_answer",
    "read_table",
    "worst",
    "write_table",
]
