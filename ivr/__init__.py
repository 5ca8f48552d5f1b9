"""The conversation: pure. It is told what was heard, and says what to do next; others carry it out."""
