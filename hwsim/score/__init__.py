"""What a run was worth."""

from hwsim.score.evaluate import Evaluation, NotFiniteError, evaluate, interval
from hwsim.score.reading import read_answer, read_table
from hwsim.score.row import Score, columns, write_table
from hwsim.score.tasks import SPENT, by_task, worst

__all__ = [
    "SPENT",
    "Evaluation",
    "NotFiniteError",
    "Score",
    "by_task",
    "columns",
    "evaluate",
    "interval",
    "read_answer",
    "read_table",
    "worst",
    "write_table",
]
