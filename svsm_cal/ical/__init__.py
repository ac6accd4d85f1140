"""iCalendar (RFC 5545): time zones and feeds, as the real clients need them. Bytes out, nothing done."""
