"""A county brought to life: seed data and scripted lives."""
