"""The persistent state: publications, invitations and the outbox, in SQLite or PostgreSQL behind one contract."""
