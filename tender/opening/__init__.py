"""The opening (开标): releases, unsealing and the opening record."""
