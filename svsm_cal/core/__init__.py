"""The pure core: the model, zones, recurrence, occurrences, shift windows and deadlines.

No I/O and no clock; the one room that reads files is `tzdb`, whose database counts as a constant.
"""
