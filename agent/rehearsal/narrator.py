"""Prints a rehearsal as it happens, and what came of it; as pleasant in a log file as on a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.ops.report import figure
from agent.rehearsal.moments import Moment, MomentKind
from agent.rehearsal.rehearsal import Rehearsed
from agent.rehearsal.turn_results import TurnResult

_WHO_WIDTH = 8
_PACE_WIDTH = 8
LOG_WIDTH = 120
SLOW_MS = 1500  # the project's own promise for half of all answers


def wide_console() -> Console:
    """A console on standard output; in a log file wide enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=LOG_WIDTH)


class Narrator:
    """A watcher that prints one conversation."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._answer_ms: float | None = None
        self._caller_speaks = False
        self._heard: list[str] = []
        """What the agent understood before the caller had finished: printed under what the caller said."""

    def __call__(self, moment: Moment) -> None:
        """See Watcher."""
        match moment.kind:
            case MomentKind.DIALLED:
                self._line("", f"dialling {moment.text}", "dim")
            case MomentKind.ANSWERED:
                self._line("", "answered", "dim")
            case MomentKind.AGENT_BEGAN:
                self._answer_ms = moment.ms
            case MomentKind.CALLER_BEGAN:
                self._caller_speaks = True
            case MomentKind.CALLER_SAID:
                self._line("caller", moment.text, "cyan")
                self._caller_speaks = False
                self._tell_heard()
            case MomentKind.CALLER_HEARD:
                self._heard.append(moment.text)
                if not self._caller_speaks:
                    self._tell_heard()
            case MomentKind.AGENT_SAID | MomentKind.AGENT_CUT:
                cut = " … (interrupted)" if moment.kind is MomentKind.AGENT_CUT else ""
                self._line("agent", moment.text + cut, "green", self._answer_ms)
                self._answer_ms = None
            case MomentKind.KEYS:
                self._line("caller", f"presses {moment.text}", "cyan")
            case MomentKind.TROUBLE:
                self._line("!", moment.text, "bold red")
            case MomentKind.ENDED:
                self._line("", f"call over: {moment.text}", "dim")

    def _tell_heard(self) -> None:
        for text in self._heard:
            self._line("", f"heard as: {text}", "dim")
        self._heard.clear()

    def _line(self, who: str, text: str, style: str, ms: float | None = None) -> None:
        pace = Text(f"{pace_of(ms):>{_PACE_WIDTH}}", style="yellow" if (ms or 0) > SLOW_MS else "dim")
        start = Text(f"{who:>{_WHO_WIDTH}} ", style=f"bold {style}" if who else style)
        self._console.print(start + pace + Text(f"  {text}", style="dim" if style == "dim" else ""), soft_wrap=True)


def pace_of(ms: float | None) -> str:
    """Milliseconds as people read them; empty for None."""
    return "" if ms is None else f"{ms / 1000:.2f} s"


def turn_table(rehearsed: Rehearsed) -> Table:
    """Who said what when, how fast the answer came, how fast it stopped: measured on the recording."""
    table = Table(box=box.SIMPLE_HEAD, title=rehearsed.scenario.name, title_justify="left", title_style="bold")
    table.add_column("turn", justify="right")
    table.add_column("who")
    table.add_column("from – to", justify="right", no_wrap=True)
    table.add_column("said", ratio=3, overflow="fold")
    table.add_column("heard as", ratio=2, overflow="fold")
    table.add_column("answer", justify="right", no_wrap=True)
    table.add_column("stop", justify="right", no_wrap=True)
    for turn in rehearsed.judgement.turns:
        _add_turn(table, turn)
    return table


def print_outcome(console: Console, rehearsed: Rehearsed) -> None:
    """Passed or not, and why not."""
    passed = rehearsed.judgement.passed
    verdict = Text("PASSED", style="bold green") if passed else Text("FAILED", style="bold red")
    console.print(Text(f"{rehearsed.scenario.name}: ") + verdict)
    for one in rehearsed.judgement.verdicts:
        if not one.passed:
            console.print(Text(f"  {one.what}: {one.reason}", style="red"), soft_wrap=True)
    for text in rehearsed.judgement.invented:
        console.print(Text(f"  The agent heard “{text}” while the caller said nothing.", style="yellow"))
    frames = rehearsed.performance.frames
    if frames.sent and frames.sent_late / frames.sent > 0.01:
        share = figure(100 * frames.sent_late / frames.sent)
        console.print(
            Text(f"  This machine was too busy to measure well: {share} % of our own frames were late.", "yellow")
        )


def _add_turn(table: Table, turn: TurnResult) -> None:
    for line in turn.caller:
        span = line.said.span
        table.add_row(
            str(turn.turn), Text("caller", "cyan"), f"{span.start:.1f} – {span.end:.1f}",
            Text(line.said.text or "(a recording)"), Text(line.heard_as or ""),
        )  # fmt: skip
    if turn.agent_text is None and turn.agent_span is None:
        return
    where = "" if turn.agent_span is None else f"{turn.agent_span.start:.1f} – {turn.agent_span.end:.1f}"
    said = (turn.agent_text or "(sound without words)") + (" …" if turn.interrupted else "")
    pace = pace_of(turn.latency_ms) if turn.cut_in_ms is None else f"cut in {pace_of(turn.cut_in_ms)}"
    table.add_row(
        str(turn.turn), Text("agent", "green"), where, Text(said), Text(turn.agent_heard_as or ""), pace,
        pace_of(turn.stopped_after_ms),
    )  # fmt: skip
