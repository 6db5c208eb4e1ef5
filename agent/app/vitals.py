"""How the server is: what a call needs, what a person should know, what the service manager is told."""

from __future__ import annotations

from collections.abc import Mapping

from agent.app.models import Models
from agent.bus.bus import Bus
from agent.ops.service_manager import Pulse
from agent.outbound.dispatcher import Dispatcher
from agent.store.record import Record
from agent.telephony.ami import AmiMonitor
from agent.telephony.drain import Drain, told
from agent.telephony.switchboard import Switchboard
from agent.telephony.trunk_states import TrunkStates
from agent.webhooks.webhooks import Webhooks


class Vitals:
    """Asks the parts each time; keeps nothing."""

    def __init__(
        self,
        models: Models,
        monitor: AmiMonitor,
        record: Record,
        webhooks: Webhooks,
        bus: Bus,
        drain: Drain,
        trunks: TrunkStates,
    ) -> None:
        self._models = models
        self._monitor = monitor
        self._record = record
        self._webhooks = webhooks
        self._bus = bus
        self._drain = drain
        self.trunks = trunks
        """Lines to the outside."""
        self.switchboard: Switchboard | None = None
        """None until there is one."""
        self.dispatcher: Dispatcher | None = None
        """The same."""

    def parts(self) -> Mapping[str, bool]:
        """The parts of the server that may fail, and whether each is there."""
        workers = {name: self._models.is_ready(name) for name in self._models.workers.names}
        return {
            "asterisk": self.switchboard is not None and self.switchboard.events.connected,
            "store": self._record.recorder.problem is None and self._webhooks.problem is None,
            **workers,
        }

    def checks(self) -> Mapping[str, bool]:
        """What a call needs, and whether it is there."""
        return {**self.parts(), "accepting_calls": self._drain.state is None}

    def problems(self) -> list[str]:
        """What a person should know, one sentence each."""
        links = (
            self.switchboard.events.problem if self.switchboard else None,
            self._monitor.problem,
            self._record.recorder.problem,
            self._bus.problem,
            self.dispatcher.problem if self.dispatcher else None,
            told(self._drain.state),
        )
        workers = self._models.workers
        looping = [name for name in workers.names if workers.is_crash_looping(name)]
        return [
            *filter(None, links),
            *self.trunks.problems(),
            *(f"The process {name} dies again and again; see the log." for name in looping),
        ]

    def pulse(self) -> Pulse:
        """For the service manager. Healthy: everything that must never end goes on."""
        state = self._drain.state
        stopping = state is not None and state.stopping
        going = self._record.recorder.going and self._webhooks.going and self._bus.going
        going = going and self.switchboard is not None and self.switchboard.going
        going = going and self.dispatcher is not None and self.dispatcher.going
        missing = [name for name, there in self.checks().items() if not there]
        calls = len(self.switchboard.calls) if self.switchboard else 0
        status = f"{calls} calls" + (f"; not there: {', '.join(missing)}" if missing else "")
        return Pulse(healthy=going or stopping, status=status, stopping=stopping)
