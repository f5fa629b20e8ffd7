"""Linkers: policy (`vitte.driver.backend`) selects, a linker's module plans, one shared executor runs, complaints become diagnostics.

    Selection --linkers.find--> Linker --linkers.plan(Request)--> Plan --execute--> LinkResult --errors.diagnose--> diagnostics
"""
