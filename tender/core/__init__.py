"""Database, clock, money, stored files, outbox, messages, jobs and the web frame."""
