"""Jobs of one kind that everybody on a server shares: found by what is asked for, begun once, and bounded."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from actviz_core.errors import ModelFailedError
from actviz_core.system.downloads import Job, JobState

KEPT = 200
"""How many jobs that have ended are remembered, to tell why they failed."""


class SharedJobs:
    """Jobs by key. Safe from many threads. At most ``most`` are in work or wait for their turn."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()

    def find(self, key: Hashable) -> Job | None:
        """The running or latest job of a key, if there was one."""
        with self._lock:
            return self._jobs.get(key)

    def start(self, key: Hashable, name: str, work: Callable[[Job], None]) -> Job:
        """Begin a job, or join the one that runs. Raises `ModelFailedError` if too many wait."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.status.running:
                return job
            if sum(other.status.running for other in self._jobs.values()) >= self._most:
                raise ModelFailedError(f"{self._most} others are to be made first. Try again in a while.")
            job = self._jobs[key] = Job(name, work)
            self._jobs.move_to_end(key)
            for ended in [of for of, other in self._jobs.items() if not other.status.running][:-KEPT]:
                del self._jobs[ended]
            job.start()
            return job

    def running(self) -> list[Job]:
        """The jobs that are in work or wait."""
        with self._lock:
            return [job for job in self._jobs.values() if job.status.running]


def was_stopped(job: Job | None) -> bool:
    """Whether a job ended because somebody cancelled it."""
    return job is not None and job.state is JobState.FAILED and job.stop.is_set()
