"""LOGGING that writes each record as one line of JSON."""

import json
import logging


class AsJSON(logging.Formatter):
    def format(self, record):
        extra = {name: getattr(record, name, None) for name in ("event", "user_id", "ip_address", "facts")}
        return json.dumps({"at": record.created, "level": record.levelname, "message": record.getMessage(), **extra})


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": AsJSON}},
    "handlers": {"security": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"django_simple_auth.security": {"handlers": ["security"], "level": "INFO", "propagate": False}},
}
