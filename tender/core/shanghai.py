"""The county's time zone: legal days are days in Asia/Shanghai (北京时间)."""

from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
