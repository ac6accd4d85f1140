"""The recurrence and time zone engine (RFC 5545, RFC 7529, RFC 9636), usable as a library of its own."""
