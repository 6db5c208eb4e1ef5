"""A scripted softphone: the measuring instrument of rehearsals, the demo and acceptance tests."""

from agent.testing.softphone.call import CallEndedError, MediaReport, PhoneCall, Span
from agent.testing.softphone.ending import CallEnd, EndKind
from agent.testing.softphone.phone import Softphone

__all__ = ["CallEnd", "CallEndedError", "EndKind", "MediaReport", "PhoneCall", "Softphone", "Span"]
