"""`python -m agent` is `phone-agent`."""

from agent.cli import main

main()
