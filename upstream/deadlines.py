"""Pure date arithmetic: Europe/London, working days and the wording of deadlines."""
