"""Phone Agent: answers and places telephone calls on a company's own Asterisk."""

__version__ = "0.1.0"
