"""A transfer as the API shows it and webhooks carry it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.domain.transfer import RequestedBy, Transfer, TransferFailure, TransferKind, TransferMode, TransferStatus


class TransferResource(BaseModel):
    """One attempt to hand a caller over to somebody else."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    object: Literal["transfer"] = "transfer"
    id: str
    destination: str
    """The name that the agent has for it."""
    kind: TransferKind
    mode: TransferMode
    requested_by: RequestedBy
    status: TransferStatus
    reason: TransferFailure | None = None
    """Why it failed."""
    sip_code: int | None = None
    """Last SIP status code of the destination, where there was one."""
    started_at: datetime
    ended_at: datetime | None = None
    """When the caller was connected, or it failed."""

    @classmethod
    def of(cls, transfer: Transfer) -> TransferResource:
        """For the public."""
        return cls(
            id=transfer.id,
            destination=transfer.destination,
            kind=transfer.kind,
            mode=transfer.mode,
            requested_by=transfer.requested_by,
            status=transfer.status,
            reason=transfer.reason,
            sip_code=transfer.sip_code,
            started_at=transfer.started_at,
            ended_at=transfer.ended_at,
        )

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return self.model_dump(mode="json")
