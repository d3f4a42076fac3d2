"""What a run was worth."""

from hwsim.score.judge import Judgement, NotFiniteError, interval, judge
from hwsim.score.row import Score, columns, write_table

__all__ = ["Judgement", "NotFiniteError", "Score", "columns", "interval", "judge", "write_table"]
