"""What processes of a test do: it must be found by name in each of them."""

import os
import signal
import time

from facesearch.errors import InputError, TrialFailure
from facesearch.final.beside import Tell


def twice(number: int, tell: Tell) -> None:
    tell("note", (number, os.getpid()))
    tell("note", (number, os.getpid()))


def fail(number: int, tell: Tell) -> None:
    if number == 1:
        raise TrialFailure("diverged", "the loss")
    if number == 2:
        raise InputError("no such faces")


def crash(number: int, tell: Tell) -> None:
    if number == 0:
        os._exit(3)
    time.sleep(60)


def killed(number: int, tell: Tell) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def endless(number: int, tell: Tell) -> None:
    tell("note", os.getpid())
    time.sleep(600)
