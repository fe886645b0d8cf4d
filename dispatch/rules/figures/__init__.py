"""
The figures of the service, from the response log alone: what counts, what is left out, and how it is counted.

    lines of the record ──calls──► Call, one an alarm ──counting──► Figures, by station, street, hour, cause
                        ──tallies─► what is counted without alarms: messages, devices, coverage, satisfaction

docs/figures.md says all of it in words; config/recompute_figures.py counts by that page alone and must agree.
Names and formulas: the indicators that districts file (CARE-RULES, section 5.2); limits are settings with defaults.
"""
