"""What only a person can decide, and what he may answer: pure."""

from typing import Literal

# A call may have been made, and no witness says whether. A call is owed and may not be made in its time.
KINDS = ("unknown_call", "not_dialled")
Verdict = Literal["called", "not_called"]
# What is written where no person was needed after all: the call that nobody knew of has told of itself.
FOUND = "found"
