"""Einklang: one standard tenant for every municipality of an IT association."""

__version__ = "0.1.0"
