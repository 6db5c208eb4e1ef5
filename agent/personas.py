"""Reads the files of agents (personas)."""
