"""Time over what is shown, without what pauses have beyond a minute."""

from __future__ import annotations

from datetime import timedelta

from studyapp.study.desk import Clock

_PAUSE = timedelta(minutes=1)  # what goes beyond it without a key was an interruption


class Stopwatch:
    """Adds up the times between signs of the learner, of which none is negative, since it was
    started last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.start()

    def start(self) -> None:
        """Something else is shown."""
        self._seen_at, self._spent = self._clock(), timedelta(0)

    def touched(self) -> timedelta:
        """There was a key: the learner is here. Returns the time since the one before, which is
        negative if the clock was set back."""
        now = self._clock()
        gap, self._seen_at = now - self._seen_at, now
        self._spent += min(max(gap, timedelta(0)), _PAUSE)
        return gap

    def spent(self) -> timedelta:
        """The time until now."""
        self.touched()
        return self._spent
