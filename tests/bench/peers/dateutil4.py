"""python-dateutil."""

from dateutil.rrule import rrulestr
from rules import contenders
from worker import serve

serve(contenders(rrulestr, list))  # without its cache, which is off by default
