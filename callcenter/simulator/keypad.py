"""Keys and words on their way into a verb that listens."""

from callcenter.simulator.kernel import Signal


class Keypad:
    """Open while a verb listens: every key or sentence it takes fires `touched` anew.

    `input` is Gather's: `dtmf`, `speech` or both, in which case the first kind that comes wins.
    """

    def __init__(self, takes: str = "dtmf", *, prompts: bool = False, many_words: bool = False) -> None:
        self.keys = ""
        self.words: str | None = None
        self.prompts = prompts
        self.touched = Signal()
        self._takes = takes.split()
        self._many_words = many_words

    def press(self, key: str) -> None:
        """Take one key."""
        if "dtmf" in self._takes and self.words is None:
            self.keys += key
            self._touch()

    def speak(self, words: str) -> None:
        """Take what was said; in a Gather once, and words after a key come too late."""
        if "speech" in self._takes and not self.keys and (self.words is None or self._many_words):
            self.words = (self.words or "") + words
            self._touch()

    def _touch(self) -> None:
        touched, self.touched = self.touched, Signal()
        touched.fire()
