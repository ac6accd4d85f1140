"""Notices about calls, clock changes and deadlines, and when they are due; values in, values out."""
