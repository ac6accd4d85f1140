"""What must not be forgotten: publications, invites and the outbox, in SQLite or PostgreSQL behind one contract."""
