"""The selection workbench: candidates as they stand, rules, what the mathematics makes of them, and adopting what it proposes.

A state of the workbench is a Scenario. Its columns hold what `candidates.Field`, `rules.Rules` and `calculation.Result` write.
"""
