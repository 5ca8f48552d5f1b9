"""What only a person can decide, and what he may answer: pure."""

from typing import Literal

# A call may have been made, and no witness says whether. A call is owed and may not be made in its time.
# A customer was not reached by all tries: its callback has failed, and a person decides what else to do.
NOT_REACHED = "not_reached"
KINDS = ("unknown_call", "not_dialled", NOT_REACHED)
Verdict = Literal["called", "not_called"]
# What is written where no person was needed after all: the call that nobody knew of has told of itself.
FOUND = "found"
