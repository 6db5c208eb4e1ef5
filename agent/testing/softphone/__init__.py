"""A scripted softphone: the measuring instrument of rehearsals, the demo and acceptance tests."""

from agent.testing.measure import Span
from agent.testing.softphone.call import CallEndedError, MediaReport, PhoneCall
from agent.testing.softphone.condition import LineCondition
from agent.testing.softphone.ending import CallEnd, EndKind
from agent.testing.softphone.incoming import IncomingCall
from agent.testing.softphone.phone import Softphone
from agent.testing.softphone.saying import Saying

__all__ = [
    "CallEnd",
    "CallEndedError",
    "EndKind",
    "IncomingCall",
    "LineCondition",
    "MediaReport",
    "PhoneCall",
    "Saying",
    "Softphone",
    "Span",
]
