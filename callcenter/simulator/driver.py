"""Real time: a thread that takes the network's events when they are due, and a pool for its webhooks."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from callcenter.simulator.kernel import Action, Kernel
from callcenter.simulator.load import Load

IDLE_SECONDS = 1.0
log = logging.getLogger("callcenter.simulator")


class RealTime:
    """Drives a kernel whose clock moves by itself; `rate` is that clock's.

    A webhook that takes its time holds up nothing but its own call.
    """

    def __init__(
        self,
        kernel: Kernel,
        load: Load | None = None,
        *,
        rate: float = 1.0,
        webhooks_at_once: int = 64,
    ) -> None:
        self._kernel = kernel
        self._load = load or Load()
        self._rate = rate
        self._stopping = False
        self._pool = ThreadPoolExecutor(webhooks_at_once, thread_name_prefix="simulator-webhook")
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        kernel.runner = self._submit

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; webhooks under way are waited for."""
        with self._kernel.changed:
            self._stopping = True
            self._kernel.changed.notify_all()
        self._thread.join()
        self._pool.shutdown()

    def _submit(self, errand: Action) -> None:
        self._pool.submit(errand).add_done_callback(_report)

    def _run(self) -> None:
        while self._wait():
            try:
                self._kernel.step()
            except Exception:  # One event that fails must not stop the network's time.
                log.exception("an event of the simulated network failed")

    def _wait(self) -> bool:
        """Wait for the next event; return False when it is time to stop."""
        with self._kernel.changed:
            while not self._stopping:
                due = self._kernel.due()
                seconds = IDLE_SECONDS if due is None else (due - self._kernel.now) / self._rate
                if seconds <= 0:
                    self._load.was_late(-seconds)
                    return True
                self._kernel.changed.wait(min(seconds, IDLE_SECONDS))
        return False


def _report(done: "Future[None]") -> None:
    if (fault := done.exception()) is not None:
        log.error("a webhook could not be sent", exc_info=fault)
