"""What Prometheus is told of attempts to deliver webhooks, as they end."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from agent.ops.metrics import PREFIX
from agent.store.webhook_deliveries import DeliveryStatus
from agent.webhooks.schedule import Answer, succeeded

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0)


class WebhookMetrics:
    """Counts attempts as they end."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            f"{PREFIX}_webhook_attempts", "Requests to webhook endpoints", ["outcome"], registry=registry
        )
        self._over = Counter(f"{PREFIX}_webhook_deliveries", "Deliveries that are over", ["status"], registry=registry)
        self._seconds = Histogram(
            f"{PREFIX}_webhook_attempt_seconds", "Length of those requests", buckets=BUCKETS_S, registry=registry
        )
        for outcome in ("accepted", "refused", "failed"):
            self._attempts.labels(outcome)
        for status in (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD):
            self._over.labels(status)

    def attempted(self, answer: Answer, status: DeliveryStatus, seconds: float) -> None:
        """One attempt has ended; `status` is what the delivery has by now."""
        answered = "accepted" if succeeded(answer.status) else "refused"
        outcome = "failed" if answer.status is None else answered
        self._attempts.labels(outcome).inc()
        self._seconds.observe(seconds)
        if status is not DeliveryStatus.PENDING:
            self._over.labels(status).inc()
