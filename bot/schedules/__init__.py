"""When automations are due: schedules without a database, without a clock and without words.

`text` reads what people write and what is stored; `kinds`, `rules` and `cron` are what it gives.
"""
