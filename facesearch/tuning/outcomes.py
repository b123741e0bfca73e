"""What becomes of a trial, in one word each: in the ledger, in MLflow, in tables and reports.

waiting, running, paused     the sweep is at work: it waits for a worker, has one, or was
                             paused by the scheduler
interrupted                  nobody works on the sweep any more; it goes on with the sweep
completed, pruned            it ended well: trained to the end, or stopped by the scheduler
diverged, out_of_memory, failed
"""

WAITING, RUNNING, PAUSED = "waiting", "running", "paused"
INTERRUPTED = "interrupted"
AT_WORK = (WAITING, RUNNING, PAUSED)
FAILED = ("diverged", "out_of_memory", "failed")
OUTCOMES = ("completed", "pruned", *FAILED)
# Outcomes of a trial that leave a config to finalize.
FINALIZABLE = ("completed", "pruned", INTERRUPTED)
# Words of earlier versions, in stores and ledgers that exist.
_OLD_WORDS = {"killed": INTERRUPTED, "unfinished": INTERRUPTED}
# MLflow's words for the status of a run, as they are told.
_STATUS = {"KILLED": INTERRUPTED, "SCHEDULED": WAITING}


def present_word(outcome: str) -> str:
    """Return an outcome that was stored, perhaps by an earlier version, in the words of this."""
    return _OLD_WORDS.get(outcome, outcome)


def left_word(outcome: str) -> str:
    """Return an outcome as it is told when nobody works on the sweep any more."""
    return INTERRUPTED if outcome in AT_WORK else present_word(outcome)


def status_word(status: str) -> str:
    """Return the status of a run, as MLflow has it, in our words."""
    return _STATUS.get(status, status.lower())
