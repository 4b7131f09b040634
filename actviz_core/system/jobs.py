"""Jobs: work in the background that everybody on a server shares, and that tells how far it is.

Each job has a daemon thread of its own. Those of a `ThreadPoolExecutor` are waited for at the end of the
process, so that a download that hangs would keep a server from ending.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from enum import StrEnum

from actviz_core.errors import ActVizError, ModelFailedError

KEPT = 200
"""How many jobs that have ended are remembered, to tell why they failed."""


class JobState(StrEnum):
    """How far a background job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class JobStatus:
    """A job at one moment: bytes so far and in all (None: not known), and why it failed, if it did.

    ``part`` names the part of the work that these count, where there are several.
    """

    state: JobState = JobState.WAITING
    done_bytes: int = 0
    total_bytes: int | None = None
    error: str | None = None
    part: str = ""

    @property
    def running(self) -> bool:
        """Whether the job is still to come to an end."""
        return self.state in (JobState.WAITING, JobState.RUNNING)


class Job:
    """Work in one background thread. Any thread may read `status`; only the work itself changes it."""

    def __init__(self, name: str, work: "Callable[[Job], None]") -> None:
        self.stop = threading.Event()
        self.status = JobStatus()  # replaced as a whole, so that readers need no lock
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def state(self) -> JobState:
        """How far the job is."""
        return self.status.state

    @property
    def error(self) -> str | None:
        """Why the job failed and what to do; None unless it did."""
        return self.status.error

    def start(self) -> None:
        """Begin; a job is started once."""
        self._thread.start()

    def progress(self, done_bytes: int, total_bytes: int | None, part: str = "") -> None:
        """For the work: tell how far it is, or how far with one part of it."""
        self.status = JobStatus(JobState.RUNNING, done_bytes, total_bytes, part=part)

    def cancel(self) -> None:
        """Ask the work to end soon; it then counts as failed."""
        self.stop.set()

    def wait(self, seconds: float | None = None) -> JobStatus:
        """Wait for the end, or that long, and say where the job then is."""
        self._thread.join(seconds)
        return self.status

    def _run(self) -> None:
        self.status = JobStatus(JobState.RUNNING)
        try:
            self._work(self)
        except ActVizError as error:
            self.status = replace(self.status, state=JobState.FAILED, error=str(error))
        except BaseException as error:
            message = f"{type(error).__name__}: {error}. This is a bug; the server's log has the details."
            self.status = replace(self.status, state=JobState.FAILED, error=message)
            raise
        else:
            self.status = replace(self.status, state=JobState.DONE)


class Jobs:
    """Jobs by key, each begun once. Safe from many threads.

    At most ``most`` of them are in work or wait for their turn; None means any number.
    """

    def __init__(self, most: int | None = None) -> None:
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
            running = sum(other.status.running for other in self._jobs.values())
            if self._most is not None and running >= self._most:
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
