"""python-dateutil-rs."""

from dateutil.rrule import rrulestr
from rules import contenders
from worker import serve

serve(contenders(rrulestr, lambda rule: rule.all()))  # without its cache, which is off by default
