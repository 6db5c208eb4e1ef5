"""What tools of agents need beside their definition."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from agent.domain.http_tool import SecretName
from agent.errors import ConfigurationError
from agent.settings.section import OptionalPath, Section

LONGEST_SECRET = 4096
"""Characters."""


class ToolsSettings(Section):
    """Secrets for web services that tools ask, by name. They are neither shown nor logged."""

    secrets: dict[SecretName, SecretStr] = Field(default_factory=dict)
    """As { shop = "Bearer …" }: the whole text of a header. Agents name them in `http.secret_headers` of a tool."""
    secrets_folder: OptionalPath = None
    """A folder with more of them, one a file, named as the secret."""

    def secret(self, name: str) -> str:
        """Raises ConfigurationError for one that there is not, or that no header can hold."""
        known = self.secrets.get(name)
        text = self._from_file(name) if known is None else known.get_secret_value()
        if not text or len(text) > LONGEST_SECRET or not text.isprintable() or not text.isascii():
            raise ConfigurationError(f"There is no secret {name} that a header can hold; set tools.secrets.")
        return text

    def _from_file(self, name: str) -> str:
        folder: Path | None = self.secrets_folder
        if folder is None:
            return ""
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""
