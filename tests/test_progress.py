"""Progress: a function is told, a terminal gets a bar, and a file gets lines."""

import io
import re

import pytest

from gqlcrud.progress import Progress, ProgressBar, ProgressReporter, described, progress_reporter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_function_is_told_how_far_the_work_is() -> None:
    told: list[Progress] = []
    times = iter([100.0, 102.0, 104.0])

    with ProgressReporter(told.append, 40, clock=lambda: next(times)) as reporter:
        reporter.tell(10)
        reporter.tell(30, 2)

    assert told == [Progress(10, 40, 0, 2.0), Progress(30, 40, 2, 4.0)]
    assert [(each.items_per_second, each.seconds_left) for each in told] == [(5.0, 6.0), (7.5, pytest.approx(4 / 3))]


def test_nothing_is_known_of_the_rate_before_anything_is_done() -> None:
    assert (Progress(0, 10).items_per_second, Progress(0, 10).seconds_left) == (0.0, None)
    assert Progress(10, None, 0, 2.0).seconds_left is None
    assert Progress(12, 10, 0, 2.0).seconds_left == 0


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(5000, 10000, 0, 2.0), "50% 5,000 of 10,000 rows, 2,500/s, 2 s left"),
        (Progress(10000, 10000, 3, 4.0), "100% 10,000 of 10,000 rows, 2,500/s, 4 s, 3 failed"),
        (Progress(5000, None, 0, 100.0), "5,000 rows, 50/s, 1 min 40 s"),
        (Progress(1, 10001, 0, 1.0), "0% 1 of 10,001 rows, 1/s, 2 h 46 min left"),
        (Progress(0, 0, 0, 0.0), "100% 0 of 0 rows, 0/s, 0 s"),
    ],
    ids=["halfway", "through", "no total", "slow", "nothing"],
)
def test_a_line_tells_rate_and_time(progress: Progress, text: str) -> None:
    assert described(progress, "rows") == text


def test_a_terminal_gets_one_line_that_is_drawn_anew() -> None:
    stream = Terminal()
    bar = ProgressBar(stream)

    for done, seconds in ((1, 0.05), (50, 0.2), (60, 0.25), (100, 0.26)):
        bar(Progress(done, 100, 0, seconds))
    bar.close()

    assert stream.getvalue() == (
        f"\r[{'#' * 15}{'.' * 15}] 50% 50 of 100 rows, 250/s, 0 s left\x1b[K"
        f"\r[{'#' * 30}] 100% 100 of 100 rows, 385/s, 0 s\x1b[K\n"
    )


def test_a_terminal_without_a_total_gets_no_bar() -> None:
    stream = Terminal()
    bar = ProgressBar(stream, "lines")

    bar(Progress(5, None, 0, 1.0))
    bar.close()

    assert stream.getvalue() == "\r5 lines, 5/s, 1 s\x1b[K\n"


def test_a_file_gets_lines_from_time_to_time_and_the_last_one() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream)

    for done in range(1, 26):
        bar(Progress(done, 25, 0, float(done)))
    bar.close()

    assert stream.getvalue() == (
        "40% 10 of 25 rows, 1/s, 15 s left\n80% 20 of 25 rows, 1/s, 5 s left\n100% 25 of 25 rows, 1/s, 25 s\n"
    )


def test_nothing_is_drawn_of_nothing() -> None:
    stream = Terminal()

    ProgressBar(stream).close()

    assert stream.getvalue() == ""


def test_true_draws_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_reporter(True, 3) as reporter:
        reporter.tell(3)

    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"100% 3 of 3 rows, [\d,]+/s, 0 s\n", captured.err)


@pytest.mark.parametrize("progress", [None, False])
def test_nobody_is_told_unless_asked_for(progress: bool | None, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_reporter(progress, 3) as reporter:
        reporter.tell(3)

    assert capsys.readouterr() == ("", "")
